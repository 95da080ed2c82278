//! The data plane's bytes: what it takes, refuses, passes on and never lets through.

mod framing_hyper;
mod framing_properties;
mod framing_requests;
mod framing_responses;
mod guarded_io;

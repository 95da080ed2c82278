//! The data plane's bytes: what it takes, refuses, passes on and never lets through.

mod answers;
mod cases;
mod corpora;
mod descriptors;
mod framing_hyper;
mod framing_properties;
mod framing_requests;
mod framing_responses;
mod guarded_io;
mod harness;
mod hostile_answers;
mod readers;
mod slow_clients;
mod smuggling;

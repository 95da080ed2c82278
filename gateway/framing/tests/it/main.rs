//! What the framing rules accept, what they refuse, and what hyper makes of the approved bytes.

mod against_hyper;
mod guarded_io;
mod properties;
mod requests;
mod responses;
mod responses_in_memory;

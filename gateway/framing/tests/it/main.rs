//! What the framing rules accept, what they refuse, and what hyper makes of the approved bytes.

mod against_hyper;
mod corpus;
mod guarded_io;
mod one_at_a_time;
#[path = "../../fuzz/oracle/mod.rs"]
mod oracle;
mod properties;
mod proxy_header;
mod requests;
mod responses;
mod responses_in_memory;

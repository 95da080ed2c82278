//! The data plane's bytes: what it takes, refuses, passes on and never lets through.

mod cases;
mod corpora;
mod descriptors;
mod harness;
mod hostile_answers;
mod readers;
mod slow_clients;
mod smuggling;

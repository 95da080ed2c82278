//! The `mock-ups` binary.

fn main() {}

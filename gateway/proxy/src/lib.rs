//! The data plane.

pub mod framing;

//! The oracle of the fuzz targets and of the tests: bytes that the guard approves, httparse and hyper read
//! alike.

pub(crate) mod requests;
pub(crate) mod responses;
mod runtime;

//! Against rustls' buffered interface as the other end.

mod endings;
mod peers;
mod streams;

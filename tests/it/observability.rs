//! What monitoring sees of a gateway.

mod names;

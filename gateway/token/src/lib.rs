//! The token lifecycle.

//! A test kit for authors.

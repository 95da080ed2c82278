//! The plugin conformance suite.

//! The plugin SDK.

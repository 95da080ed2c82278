//! The loadable file of `plugins-ups`.

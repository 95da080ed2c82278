//! UPS, offline.

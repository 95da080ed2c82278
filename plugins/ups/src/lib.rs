//! UPS authentication.

//! How far a request got, so that a deadline can be reported as the step it interrupted.

use crate::HttpErrorKind;
use std::sync::{Mutex, PoisonError};

/// The error kind that a deadline has if it passes now.
///
/// Before the request is written it is the step that took too long, and nothing was sent. After
/// that it is [`HttpErrorKind::Timeout`], and the server may have processed the request.
pub(crate) struct Progress(Mutex<HttpErrorKind>);

impl Progress {
    /// A request's first step is the DNS lookup.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(HttpErrorKind::Dns))
    }

    /// Records that the next step began.
    pub(crate) fn begin(&self, step: HttpErrorKind) {
        // A poisoned lock still holds a step, and the deadline needs one.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// The kind to report for a deadline that passes now.
    pub(crate) fn deadline_kind(&self) -> HttpErrorKind {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

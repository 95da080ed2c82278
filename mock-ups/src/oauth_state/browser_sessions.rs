//! Who has signed in at the login page with which browser, so that the next consent asks for no password.

use std::sync::{Mutex, PoisonError};

use super::bounded::Bounded;

/// A browser in which a user is signed in.
#[derive(Debug, Clone)]
pub(crate) struct BrowserSession {
    pub(crate) user: String,
    /// The version of the user's password at the sign-in: a change ends the session.
    pub(crate) password_version: u64,
    pub(crate) expires_at_ms: i64,
}

#[derive(Debug, Default)]
pub(crate) struct BrowserSessions {
    inner: Mutex<Bounded<BrowserSession>>,
}

impl BrowserSessions {
    pub(crate) fn add(&self, id: &str, session: BrowserSession) {
        self.lock().insert(id.to_owned(), session);
    }

    pub(crate) fn get(&self, id: &str) -> Option<BrowserSession> {
        self.lock().get(id).cloned()
    }

    pub(crate) fn end(&self, id: &str) {
        self.lock().take(id);
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Bounded::default();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Bounded<BrowserSession>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

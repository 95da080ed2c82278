//! Who is signed in, for a page.

use crate::error::AdminError;
use axum::extract::FromRequestParts;
use gateway_control::{Actor, ControlPlane, Session, SessionKey};
use gateway_model::{Role, Secret};
use gateway_store::AuditId;
use http::request::Parts;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a page says once about the change before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flash {
    pub(super) good: bool,
    pub(super) text: String,
    pub(super) remedy: Option<String>,
}

/// What was said on the page before, and what the next one says.
#[derive(Default)]
struct Said {
    before: Option<Flash>,
    next: Option<Flash>,
    /// A page has shown what was said before.
    shown: bool,
}

/// Who is signed in. A page reaches the control plane only through it.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) control: ControlPlane,
    pub(super) actor: Actor,
    pub(super) role: Role,
    pub(super) csrf: Secret,
    pub(super) zone: TimeZone,
    /// The time of the request.
    pub(super) now: Timestamp,
    pub(super) session: SessionKey,
    /// The newest entry of the audit trail when the request came.
    pub(super) newest_entry: AuditId,
    said: Arc<Mutex<Said>>,
}

impl Visitor {
    pub(super) fn new(
        control: ControlPlane,
        session: Session,
        zone: TimeZone,
        now: Timestamp,
    ) -> Self {
        let said = session.said.as_deref();
        let said = Said {
            // A gateway of another version may have written it.
            before: said.and_then(|text| serde_json::from_str(text).ok()),
            ..Said::default()
        };
        Self {
            control,
            actor: session.identity.actor,
            role: session.identity.role,
            csrf: session.csrf,
            zone,
            now,
            session: session.key,
            newest_entry: session.newest_entry,
            said: Arc::new(Mutex::new(said)),
        }
    }

    /// Whether this person may change something.
    pub(super) fn may_change(&self) -> bool {
        self.role == Role::Admin
    }

    /// Says something good on the next page.
    pub(super) fn tell(&self, text: impl Into<String>) {
        self.said().next = Some(Flash {
            good: true,
            text: text.into(),
            remedy: None,
        });
    }

    /// Says on the next page what went wrong.
    pub(super) fn tell_error(&self, error: &AdminError) {
        let detail = error.detail();
        self.said().next = Some(Flash {
            good: false,
            text: detail.message,
            remedy: detail.remedy,
        });
    }

    /// Takes back what the next page would say.
    pub(super) fn tell_nothing(&self) {
        self.said().next = None;
    }

    /// What this page says once.
    pub(super) fn flash(&self) -> Option<Flash> {
        let mut said = self.said();
        let flash = said.before.take();
        said.shown |= flash.is_some();
        flash
    }

    /// Keeps what the next page says, with the session: it may come from another gateway.
    pub(super) async fn keep_said(&self) {
        let next = {
            let said = self.said();
            match (&said.next, said.shown) {
                (Some(flash), _) => serde_json::to_string(flash).ok(),
                (None, true) => None,
                (None, false) => return,
            }
        };
        let control = &self.control;
        if let Err(error) = control
            .set_session_said(self.session, next.as_deref())
            .await
        {
            // The change itself was made or refused; only the sentence about it is lost.
            tracing::warn!(%error, "what the next page says is not kept");
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AdminError> {
        // Absent on a page for anybody: such a handler must not act for anyone.
        let visitor = parts.extensions.get::<Self>().cloned();
        std::future::ready(visitor.ok_or(AdminError::NoToken)).await
    }
}

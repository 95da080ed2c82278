//! Who is signed in at a browser.
//!
//! A session is in memory only, so a restart of the gateway ends it. The browser holds a random text;
//! this side knows its digest. Time and randomness are arguments.

use gateway_api::{MigrationPlan, StartMigration};
use gateway_control::Actor;
use gateway_model::Secret;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a session lives without a request.
const IDLE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long a session lives at most: a working day.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// The sessions that are remembered. Each was begun with a right token, so only its holder can use
/// them up; the oldest gives way.
const MAX_SESSIONS: usize = 1024;

/// The plans of migrations that are kept. A list may have a megabyte, and one administrator plans at a time.
const MAX_PLANNED: usize = 4;

/// The digest of what the browser holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey([u8; 32]);

impl SessionKey {
    pub(crate) fn of(cookie: &Secret) -> Self {
        Self(Sha256::digest(cookie.expose().as_bytes()).into())
    }
}

/// What a page says once about the change before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) good: bool,
    pub(crate) text: String,
    pub(crate) remedy: Option<String>,
}

/// A migration that a person has planned and not yet begun. It is kept here, because a page must not contain
/// its secrets.
pub(crate) struct PlannedMigration {
    /// Tells this plan from a later one of the same session.
    pub(crate) id: String,
    pub(crate) migration: StartMigration,
    /// What the person has seen.
    pub(crate) plan: MigrationPlan,
}

/// A session, as a request sees it.
#[derive(Clone)]
pub(crate) struct Session {
    /// The admin token. It is looked up for each request, so that a removed token ends the session.
    pub(crate) token: Secret,
    /// What each form must send back: a page of another site cannot read it.
    pub(crate) csrf: Secret,
    pub(crate) zone: TimeZone,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

struct Entry {
    session: Session,
    actor: Actor,
    begun: Instant,
    seen: Instant,
    flash: Option<Flash>,
    planned: Option<Arc<PlannedMigration>>,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<SessionKey, Entry>>);

impl Sessions {
    fn entries(&self) -> MutexGuard<'_, HashMap<SessionKey, Entry>> {
        // A panic elsewhere leaves a map that is still usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(&self, key: SessionKey, actor: Actor, session: Session, now: Instant) {
        let mut entries = self.entries();
        entries.retain(|_, entry| is_alive(entry, now));
        if entries.len() >= MAX_SESSIONS
            && let Some(oldest) = (entries.iter())
                .min_by_key(|(_, entry)| entry.seen)
                .map(|(key, _)| *key)
        {
            entries.remove(&oldest);
        }
        let entry = Entry {
            session,
            actor,
            begun: now,
            seen: now,
            flash: None,
            planned: None,
        };
        entries.insert(key, entry);
    }

    /// The session of a request, if it has not ended.
    pub(crate) fn find(&self, key: SessionKey, now: Instant) -> Option<Session> {
        let mut entries = self.entries();
        let entry = entries.get_mut(&key)?;
        if !is_alive(entry, now) {
            entries.remove(&key);
            return None;
        }
        entry.seen = now;
        Some(entry.session.clone())
    }

    /// The admin token of a session that has not ended. Unlike a request, this does not keep it alive.
    pub(crate) fn token(&self, key: SessionKey, now: Instant) -> Option<Secret> {
        let entries = self.entries();
        let entry = entries.get(&key).filter(|entry| is_alive(entry, now))?;
        Some(entry.session.token.clone())
    }

    pub(crate) fn end(&self, key: SessionKey) {
        self.entries().remove(&key);
    }

    /// Ends every session that was begun with the token of this name.
    pub(crate) fn end_all(&self, actor: &Actor) {
        self.entries().retain(|_, entry| entry.actor != *actor);
    }

    /// How many sessions the token of this name has.
    pub(crate) fn count(&self, actor: &Actor) -> usize {
        let entries = self.entries();
        entries.values().filter(|it| it.actor == *actor).count()
    }

    pub(crate) fn set_zone(&self, key: SessionKey, zone: TimeZone) {
        if let Some(entry) = self.entries().get_mut(&key) {
            entry.session.zone = zone;
        }
    }

    /// Keeps a plan until it is begun, or until the session ends.
    pub(crate) fn set_planned(&self, key: SessionKey, planned: PlannedMigration) {
        let mut entries = self.entries();
        let others =
            |(known, entry): &(&SessionKey, &Entry)| **known != key && entry.planned.is_some();
        if entries.iter().filter(others).count() >= MAX_PLANNED
            && let Some(oldest) = (entries.iter())
                .filter(others)
                .min_by_key(|(_, entry)| entry.seen)
                .map(|(key, _)| *key)
            && let Some(oldest) = entries.get_mut(&oldest)
        {
            oldest.planned = None;
        }
        if let Some(entry) = entries.get_mut(&key) {
            entry.planned = Some(Arc::new(planned));
        }
    }

    pub(crate) fn planned(&self, key: SessionKey) -> Option<Arc<PlannedMigration>> {
        self.entries().get(&key)?.planned.clone()
    }

    pub(crate) fn forget_planned(&self, key: SessionKey) {
        if let Some(entry) = self.entries().get_mut(&key) {
            entry.planned = None;
        }
    }

    pub(crate) fn set_flash(&self, key: SessionKey, flash: Flash) {
        if let Some(entry) = self.entries().get_mut(&key) {
            entry.flash = Some(flash);
        }
    }

    pub(crate) fn take_flash(&self, key: SessionKey) -> Option<Flash> {
        self.entries().get_mut(&key)?.flash.take()
    }
}

fn is_alive(entry: &Entry, now: Instant) -> bool {
    now.saturating_duration_since(entry.seen) < IDLE
        && now.saturating_duration_since(entry.begun) < LIFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    fn key(text: &str) -> SessionKey {
        SessionKey::of(&Secret::new(text.to_owned()))
    }

    fn session() -> Session {
        Session {
            token: Secret::new("a token".to_owned()),
            csrf: Secret::new("a csrf text".to_owned()),
            zone: TimeZone::UTC,
        }
    }

    fn begin(sessions: &Sessions, name: &str, actor: &str, now: Instant) {
        sessions.begin(key(name), Actor(actor.to_owned()), session(), now);
    }

    #[test]
    fn session_ends_when_it_is_idle_and_after_a_day() {
        let (sessions, start) = (Sessions::default(), start());
        begin(&sessions, "idle", "ada", start);
        begin(&sessions, "busy", "ada", start);
        let mut now = start;
        while now < start + LIFE {
            assert!(sessions.find(key("busy"), now).is_some());
            now += IDLE - Duration::from_secs(1);
        }
        assert!(
            sessions
                .token(key("idle"), start + IDLE - Duration::from_secs(1))
                .is_some()
        );
        assert!(sessions.token(key("idle"), start + IDLE).is_none());
        assert!(sessions.find(key("idle"), start + IDLE).is_none());
        assert!(sessions.find(key("busy"), start + LIFE).is_none());
    }

    #[test]
    fn signing_out_everywhere_ends_the_sessions_of_one_token_only() {
        let (sessions, now) = (Sessions::default(), start());
        begin(&sessions, "a", "ada", now);
        begin(&sessions, "b", "ada", now);
        begin(&sessions, "c", "bob", now);
        assert_eq!(sessions.count(&Actor("ada".to_owned())), 2);
        sessions.end_all(&Actor("ada".to_owned()));
        assert!(sessions.find(key("a"), now).is_none());
        assert!(sessions.find(key("b"), now).is_none());
        assert!(sessions.find(key("c"), now).is_some());
    }

    #[test]
    fn sessions_are_bounded_and_the_one_that_was_quiet_longest_gives_way() {
        let (sessions, start) = (Sessions::default(), start());
        for n in 0..=MAX_SESSIONS {
            let now = start + Duration::from_millis(n as u64);
            begin(&sessions, &n.to_string(), "ada", now);
        }
        let now = start + Duration::from_secs(5);
        assert_eq!(sessions.entries().len(), MAX_SESSIONS);
        assert!(sessions.find(key("0"), now).is_none());
        assert!(sessions.find(key("1"), now).is_some());
    }

    #[test]
    fn plans_are_bounded_and_end_with_their_session() {
        let (sessions, start) = (Sessions::default(), start());
        let plan = |id: usize| PlannedMigration {
            id: id.to_string(),
            migration: StartMigration {
                carrier: "ups".to_owned(),
                profiles: Vec::new(),
                client_id: "client".to_owned(),
                client_secret: "secret".to_owned().into(),
            },
            plan: MigrationPlan {
                items: Vec::new(),
                sign_ins: 0,
                problems: Vec::new(),
            },
        };
        for n in 0..=MAX_PLANNED {
            begin(
                &sessions,
                &n.to_string(),
                "ada",
                start + Duration::from_secs(n as u64),
            );
            sessions.set_planned(key(&n.to_string()), plan(n));
        }
        assert!(sessions.planned(key("0")).is_none(), "the oldest gives way");
        sessions.set_planned(key("1"), plan(9));
        let known = sessions.planned(key("1")).map(|it| it.id.clone());
        assert_eq!(known.as_deref(), Some("9"), "a session has one");
        assert!(sessions.planned(key("2")).is_some());
        sessions.end(key("2"));
        assert!(sessions.planned(key("2")).is_none());
    }

    #[test]
    fn flash_is_shown_once() {
        let (sessions, now) = (Sessions::default(), start());
        begin(&sessions, "a", "ada", now);
        let flash = Flash {
            good: true,
            text: "done".to_owned(),
            remedy: None,
        };
        sessions.set_flash(key("a"), flash.clone());
        assert_eq!(sessions.take_flash(key("a")), Some(flash));
        assert_eq!(sessions.take_flash(key("a")), None);
    }
}

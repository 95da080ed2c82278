//! What a worker remembers of its last requests.
//!
//! A request that succeeded is one small copy in the worker's own memory: no lock, no allocation. Names are
//! looked up when somebody asks, or when the directory changes.

use super::request_id;
use crate::{
    directory::{index::Index, places::Places},
    recorded_path::recorded,
    request_report::{Parties, RequestFilter, RequestReport},
};
use gateway_model::TraceId;
use http::Method;
use std::{
    cell::RefCell,
    time::{Duration, Instant, SystemTime},
};

/// How many requests of each kind a worker remembers. Any worker may have served all of the last thousand.
const KEPT: usize = 1000;
/// How many bytes of a path are kept of a request that succeeded.
const PATH_BYTES: usize = 80;

/// A request that succeeded.
#[derive(Debug)]
pub(crate) struct Served {
    id: [u8; request_id::LEN],
    ended: Instant,
    duration: Duration,
    method: Method,
    path: [u8; PATH_BYTES],
    /// Of the whole path, which may be longer than what is kept.
    path_len: usize,
    places: Places,
    status: u16,
    replayed: bool,
    trace: Option<TraceId>,
}

/// What a request that succeeded is made of.
pub(crate) struct Success<'a> {
    pub(crate) id: &'a [u8],
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) ended: Instant,
    pub(crate) duration: Duration,
    pub(crate) places: Places,
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) trace: Option<TraceId>,
}

impl Served {
    pub(crate) fn new(of: Success<'_>) -> Self {
        let mut path = [0; PATH_BYTES];
        let kept = of.path.len().min(PATH_BYTES);
        path[..kept].copy_from_slice(&of.path.as_bytes()[..kept]);
        Self {
            // All ids have this length.
            id: of.id.try_into().unwrap_or([b'0'; request_id::LEN]),
            ended: of.ended,
            duration: of.duration,
            method: of.method.clone(),
            path,
            path_len: of.path.len(),
            places: of.places,
            status: of.status,
            replayed: of.replayed,
            trace: of.trace,
        }
    }

    /// `index` is the one that the request began with.
    pub(crate) fn report(&self, index: &Index, now: Now) -> RequestReport {
        let kept = String::from_utf8_lossy(&self.path[..self.path_len.min(PATH_BYTES)]);
        let mut path = recorded(&kept, PATH_BYTES);
        if self.path_len > PATH_BYTES && !path.ends_with('…') {
            path.push('…');
        }
        RequestReport {
            id: String::from_utf8_lossy(&self.id).into_owned(),
            ended_at: now.wall_of(self.ended),
            duration: self.duration,
            method: Some(self.method.to_string()),
            path: Some(path),
            status: Some(self.status),
            parties: self.places.parties(index),
            replayed: self.replayed,
            trace: self.trace,
            failure: None,
        }
    }
}

/// The present on both clocks, by which an instant becomes a time of day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    pub(crate) wall: SystemTime,
}

impl Now {
    pub(crate) fn wall_of(self, past: Instant) -> SystemTime {
        let ago = self.instant.saturating_duration_since(past);
        self.wall.checked_sub(ago).unwrap_or(self.wall)
    }
}

/// The kinds of requests that are kept apart, so that many of one kind do not push out another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It succeeded, under a directory that was replaced since.
    Earlier,
    /// It failed, and came from a caller that the gateway knows.
    Failed,
    /// It failed, and came from anybody.
    FailedOfStranger,
}

/// The last requests of a worker.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Their places are in the worker's present directory.
    served: RefCell<Ring<Served>>,
    reports: [RefCell<Ring<RequestReport>>; 3],
}

impl History {
    pub(crate) fn serve(&self, request: Served) {
        self.served.borrow_mut().push(request);
    }

    pub(crate) fn keep(&self, kind: Kept, request: RequestReport) {
        self.reports[kind as usize].borrow_mut().push(request);
    }

    /// The directory is replaced: looks names up in the old index while it is there.
    pub(super) fn settle(&self, old: &Index, now: Now) {
        let served = self.served.take();
        for request in served.newest_first().rev() {
            self.keep(Kept::Earlier, request.report(old, now));
        }
    }

    /// The wanted requests, of each kind the newest first.
    pub(super) fn find(
        &self,
        filter: &RequestFilter,
        index: &Index,
        now: Now,
    ) -> Vec<RequestReport> {
        let mut found = Vec::new();
        if !filter.failed {
            let served = self.served.borrow();
            // The newest come first, so nothing after the first old one is looked at.
            let recent = (served.newest_first())
                .take_while(|request| filter.is_recent(now.wall_of(request.ended)));
            let wanted = recent.filter(|request| {
                let places = request.places;
                filter.admits(&request.id, places.account(index), places.app(index))
            });
            let wanted = wanted.take(filter.limit);
            found.extend(wanted.map(|request| request.report(index, now)));
        }
        for reports in &self.reports {
            let reports = reports.borrow();
            let recent =
                (reports.newest_first()).take_while(|request| filter.is_recent(request.ended_at));
            let wanted = recent.filter(|request| {
                let Parties { account, app, .. } = &request.parties;
                (request.failure.is_some() || !filter.failed)
                    && filter.admits(request.id.as_bytes(), account.as_ref(), app.as_ref())
            });
            found.extend(wanted.take(filter.limit).cloned());
        }
        found
    }
}

/// The last entries of many.
#[derive(Debug)]
struct Ring<T> {
    entries: Vec<T>,
    /// Where the next entry goes, once the ring is full.
    next: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            next: 0,
        }
    }
}

impl<T> Ring<T> {
    fn push(&mut self, entry: T) {
        if let Some(oldest) = self.entries.get_mut(self.next) {
            *oldest = entry;
        } else {
            self.entries.push(entry);
        }
        self.next = (self.next + 1) % KEPT;
    }

    fn newest_first(&self) -> impl DoubleEndedIterator<Item = &T> {
        let (newer, older) = self.entries.split_at(self.next);
        newer.iter().rev().chain(older.iter().rev())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_keeps_the_last_entries_newest_first() {
        let mut ring = Ring::default();
        assert_eq!(ring.newest_first().next(), None);
        for entry in 0..KEPT * 2 + 7 {
            ring.push(entry);
            let kept: Vec<usize> = ring.newest_first().copied().collect();
            let expected: Vec<usize> = (0..=entry).rev().take(KEPT).collect();
            assert_eq!(kept, expected);
        }
    }
}

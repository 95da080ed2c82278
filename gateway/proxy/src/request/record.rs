//! Phase 11: recording a request, when its response is complete or given up.

use crate::{directory::view::DirectoryView, error::Code, worker::Connection};
use bytes::Bytes;
use gateway_framing::ActiveRequest;
use http::{Method, Request};
use std::{rc::Rc, time::Instant};

/// What is known about one request. Its drop updates the counters and writes the access log, so that a
/// request is counted however it ends.
pub(super) struct Record {
    connection: Rc<Connection>,
    /// The directory that the request began with: `route`, `account` and `app` are places in it.
    directory: Rc<DirectoryView>,
    started: Instant,
    id: Bytes,
    /// Only kept if the access log wants it.
    target: Option<(Method, Box<str>)>,
    pub(super) route: Option<usize>,
    pub(super) account: Option<usize>,
    pub(super) app: Option<usize>,
    pub(super) status: u16,
    pub(super) error: Option<Code>,
    pub(super) replayed: bool,
    /// Its caller is known, and sent a retired key or asked for an older path.
    pub(super) legacy: bool,
    /// The path was an older one.
    pub(super) rewritten: bool,
    pub(super) complete: bool,
    /// Tells the connection's sweep that the peer waits for the gateway, not the gateway for the peer.
    _active: ActiveRequest,
}

impl Record {
    pub(super) fn begin<B>(
        connection: &Rc<Connection>,
        active: ActiveRequest,
        request: &Request<B>,
    ) -> Self {
        let worker = &connection.worker;
        // Here and in the drop, so that every way out of a request takes it off again.
        worker.metrics.requests_in_flight.add(1);
        let target = worker.settings.access_log.then(|| {
            // The query may hold personal data; the path is enough to tell requests apart.
            (request.method().clone(), request.uri().path().into())
        });
        Self {
            connection: Rc::clone(connection),
            // Taken once: a request ends with the directory that it began with.
            directory: worker.directory(),
            started: worker.clock.now(),
            id: worker.ids.borrow_mut().next(),
            target,
            route: None,
            account: None,
            app: None,
            status: 0,
            error: None,
            replayed: false,
            legacy: false,
            rewritten: false,
            complete: false,
            _active: active,
        }
    }

    /// The connection that the request came over.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The directory that the request began with.
    pub(super) fn directory(&self) -> &Rc<DirectoryView> {
        &self.directory
    }

    /// When the request came.
    pub(super) const fn started(&self) -> Instant {
        self.started
    }

    /// The request's id.
    pub(super) fn id(&self) -> &Bytes {
        &self.id
    }

    fn log(&self, latency_us: u64) {
        let Some((method, path)) = &self.target else {
            return;
        };
        let index = &self.directory.index;
        let account = self
            .account
            .map(|at| index.accounts[at].account.id.as_str());
        let route = self.route.map(|at| &index.routes[at].route);
        tracing::info!(
            target: "access",
            id = str::from_utf8(&self.id).unwrap_or_default(),
            peer = %self.connection.peer.get(),
            %method,
            path,
            status = self.status,
            error = self.error.map(Code::as_str),
            side = self.error.map(|code| code.side().as_str()),
            carrier = route.map(|route| route.profile.id.as_str()),
            environment = route.map(|route| route.environment.as_str()),
            account,
            app = self.app.map(|at| index.apps[at].app.id.as_str()),
            replayed = self.replayed,
            legacy = self.legacy,
            complete = self.complete,
            secure = self.connection.secure,
            latency_us,
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let worker = &self.connection.worker;
        let latency = worker.clock.now().saturating_duration_since(self.started);
        let metrics = &worker.metrics;
        metrics.requests_in_flight.sub(1);
        // 0: the connection ended before there was a response, so there is no status to count.
        if self.status != 0 {
            metrics.observe(self.status, latency);
        }
        if !self.complete {
            metrics.aborted.add(1);
        }
        if let Some(code) = self.error {
            metrics.errors.of(code).add(1);
        }
        if let Some(account) = self.account {
            self.directory.counters(account).requests.add(1);
        }
        if self.legacy {
            metrics.legacy_requests.add(1);
        }
        // Only then is there something to write; the log's own work is not in the latency.
        if self.target.is_some() {
            self.log(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        }
    }
}

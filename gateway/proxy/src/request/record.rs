//! Phase 11: recording a request, when its response is complete or given up.

mod carrier_code;
mod failure;
mod observation;
mod spans;

use super::trace::RequestTrace;
use crate::{
    directory::{places::Places, view::DirectoryView},
    error::Code,
    fields::Fields,
    message::Request,
    recorded_path::recorded,
    worker::{Connection, Served, Success},
};
use bytes::Bytes;
use gateway_framing::ActiveRequest;
use http::{Method, uri::PathAndQuery};
use std::{
    borrow::Cow,
    rc::Rc,
    time::{Duration, Instant},
};

pub(super) use carrier_code::ErrorSample;

/// What is known about one request. Its drop updates the counters, remembers the request and writes the logs,
/// so that a request is counted however it ends.
pub(super) struct Record {
    connection: Rc<Connection>,
    /// The directory that the request began with: `route`, `account` and `app` are places in it.
    directory: Rc<DirectoryView>,
    started: Instant,
    id: Bytes,
    /// Not known if the head cannot be read.
    target: Option<(Method, PathAndQuery)>,
    pub(super) route: Option<usize>,
    pub(super) account: Option<usize>,
    pub(super) app: Option<usize>,
    /// What it is in a distributed trace, if it takes part in one.
    pub(super) trace: Option<Rc<RequestTrace>>,
    /// The place of its operation in the manifest, if anything asks for it.
    pub(super) operation: Option<usize>,
    /// The status that the app gets.
    pub(super) status: u16,
    /// The status of the carrier's last response.
    pub(super) carrier_status: Option<u16>,
    error: Option<Code>,
    /// Why it failed, in words.
    reason: Option<Cow<'static, str>>,
    /// The carrier's response did not come to its end.
    broken_off: bool,
    carrier_error: Option<Box<ErrorSample>>,
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
        let target = request.uri.path_and_query();
        let id = worker.ids.borrow_mut().next();
        Self {
            trace: RequestTrace::begin(worker, &request.fields, &id),
            connection: Rc::clone(connection),
            // Taken once: a request ends with the directory that it began with.
            directory: worker.directory(),
            started: worker.clock.now(),
            id,
            target: target.map(|target| (request.method.clone(), target.clone())),
            route: None,
            account: None,
            app: None,
            operation: None,
            status: 0,
            carrier_status: None,
            error: None,
            reason: None,
            broken_off: false,
            carrier_error: None,
            replayed: false,
            legacy: false,
            rewritten: false,
            complete: false,
            _active: active,
        }
    }

    /// The request only stands for one that the framing check refused.
    pub(super) fn forget_target(&mut self) {
        self.target = None;
    }

    /// The gateway answers the request itself, with an error.
    pub(super) fn fail(&mut self, code: Code, reason: Cow<'static, str>) {
        self.error = Some(code);
        self.reason = Some(reason);
    }

    /// The carrier's response did not come to its end.
    pub(super) fn break_off(&mut self, reason: &'static str) {
        self.broken_off = true;
        self.reason = Some(Cow::Borrowed(reason));
    }

    /// What is noted of the carrier's error, if the response is one.
    pub(super) fn error_sample(&self, fields: &Fields) -> Option<Box<ErrorSample>> {
        if self.status < 400 {
            return None;
        }
        let route = self.route.map(|at| &self.directory.index.routes[at].route);
        let sample = route.map(|route| ErrorSample::of(fields, &route.profile.errors));
        Some(Box::new(sample.unwrap_or_default()))
    }

    /// The beginning of the carrier's error.
    pub(super) fn keep_carrier_error(&mut self, sample: Option<Box<ErrorSample>>) {
        self.carrier_error = sample;
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

    fn places(&self) -> Places {
        Places::new(self.route, self.account, self.app)
    }

    /// Remembers a request that succeeded.
    fn remember(&self, ended: Instant, duration: Duration) {
        let Some((method, target)) = &self.target else {
            return;
        };
        let served = Served::new(Success {
            id: &self.id,
            method,
            path: target.path(),
            ended,
            duration,
            places: self.places(),
            status: self.status,
            replayed: self.replayed,
            trace: self.trace.as_ref().map(|trace| trace.id),
        });
        self.connection.worker.remember(&self.directory, served);
    }

    /// The line of the access log.
    fn log(&self, latency: Duration) {
        let index = &self.directory.index;
        let account = self
            .account
            .map(|at| index.accounts[at].account.id.as_str());
        let route = self.route.map(|at| &index.routes[at].route);
        let target = self.target.as_ref();
        // The query may hold personal data; the path is enough to tell requests apart.
        let path = target.map(|(_, target)| recorded(target.path(), usize::MAX));
        tracing::info!(
            target: "access",
            id = str::from_utf8(&self.id).unwrap_or_default(),
            trace_id = self.trace.as_ref().map(|trace| display(trace.id)),
            span_id = self.trace.as_ref().map(|trace| display(trace.span)),
            peer = %self.connection.peer.get(),
            method = target.map(|(method, _)| method.as_str()),
            path,
            status = self.status,
            error = self.error.map(Code::as_str),
            fault = self.error.map(|code| code.fault().as_str()),
            carrier = route.map(|route| route.profile.id.as_str()),
            environment = route.map(|route| route.environment.as_str()),
            account,
            app = self.app.map(|at| index.apps[at].app.id.as_str()),
            replayed = self.replayed,
            legacy = self.legacy,
            complete = self.complete,
            secure = self.connection.secure,
            latency_us = micros(latency),
        );
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Drop for Record {
    fn drop(&mut self) {
        let worker = &self.connection.worker;
        let ended = worker.clock.now();
        let latency = ended.saturating_duration_since(self.started);
        let metrics = &worker.metrics;
        metrics.requests_in_flight.sub(1);
        // 0: the connection ended before there was a response, so there is no status to count.
        if self.status != 0 {
            metrics.observe(self.status, latency);
            if let Some(series) = &worker.series {
                series.observe(worker.number, self.names(), self.status, latency);
            }
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
        // A request without a status is not complete.
        if self.complete && self.status < 400 {
            self.remember(ended, latency);
        } else {
            self.record_failure(ended, latency);
        }
        // The log's own work is not in the latency.
        if worker.settings().access_log {
            self.log(latency);
        }
        if let Some(trace) = &self.trace {
            self.export(trace, ended);
        }
    }
}

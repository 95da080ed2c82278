//! A request that failed: the cause, whose fault it is, its line in the log.

use super::{Record, micros};
use crate::{
    error::Fault,
    recorded_path::recorded,
    request_report::{RequestFailure, RequestReport},
    worker::{FAILURE_TARGET, Kept},
};
use gateway_model::{AccountId, AppId, CarrierId, Environment};
use http::StatusCode;
use std::time::{Duration, Instant};

/// How many bytes of a path are recorded.
const PATH_BYTES: usize = 256;
/// How many bytes of a reason are recorded: it may be a plugin's.
const REASON_BYTES: usize = 512;

impl Record {
    /// Logs and remembers the request.
    #[cold]
    pub(super) fn record_failure(&self, ended: Instant, duration: Duration) {
        let report = self.report(ended, duration);
        let worker = &self.connection.worker;
        let known_caller = self.app.is_some() || self.account.is_some();
        if worker.failures.admits(known_caller, ended)
            && let Some(failure) = &report.failure
        {
            self.log_failure(&report, failure);
        }
        let kind = if known_caller {
            Kept::Failed
        } else {
            Kept::FailedOfStranger
        };
        worker.history.keep(kind, report);
    }

    fn report(&self, ended: Instant, duration: Duration) -> RequestReport {
        let failure = self.failure();
        let target = self.target.as_ref();
        RequestReport {
            id: String::from_utf8_lossy(&self.id).into_owned(),
            ended_at: self.connection.worker.both_clocks().wall_of(ended),
            duration,
            method: target.map(|(method, _)| method.to_string()),
            path: target.map(|(_, target)| recorded(target.path(), PATH_BYTES)),
            status: (self.status != 0).then_some(self.status),
            parties: self.places().parties(&self.directory.index),
            replayed: self.replayed,
            trace: self.trace.as_ref().map(|trace| trace.id),
            failure: Some(failure),
        }
    }

    fn failure(&self) -> RequestFailure {
        let (cause, fault, reason) = self.cause();
        let known = self.reason.as_ref().map(|reason| {
            let end = reason.floor_char_boundary(REASON_BYTES);
            reason[..end].to_owned()
        });
        RequestFailure {
            cause,
            fault: fault.as_str(),
            carrier_status: self.carrier_status,
            carrier_code: self.carrier_code(),
            reason: known.or_else(|| reason.map(str::to_owned)),
        }
    }

    /// The cause, who has to act, and the reason if nothing more is known.
    fn cause(&self) -> (&'static str, Fault, Option<&'static str>) {
        if let Some(code) = self.error {
            return (code.as_str(), code.fault(), None);
        }
        match self.status {
            // The carrier's status first: an app need not read the whole body of an error.
            500.. => ("carrier_failed", Fault::Carrier, None),
            400..500 => ("carrier_refused", self.refused(), None),
            _ if self.broken_off => ("response_broken_off", Fault::Carrier, None),
            _ if self.connection.control.is_cut() => (
                "shutdown",
                Fault::Operator,
                Some("the gateway ended before the response was complete"),
            ),
            _ => (
                "app_gone",
                Fault::App,
                Some(
                    "the app ended the connection or the stream, or did not read, before the response was \
                     complete",
                ),
            ),
        }
    }

    /// Who has to act when the carrier refuses a request: the operator about the account's rights, the app
    /// about what it sent.
    fn refused(&self) -> Fault {
        let rejected = self.route.is_some_and(|at| {
            let rejected = &self.directory.index.routes[at]
                .route
                .profile
                .rejected_statuses;
            rejected.iter().any(|status| *status == self.status)
        });
        let about_rights = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        ];
        if rejected || about_rights.iter().any(|status| *status == self.status) {
            Fault::Operator
        } else {
            Fault::App
        }
    }

    fn carrier_code(&self) -> Option<String> {
        let route = &self.directory.index.routes[self.route?].route;
        self.carrier_error.as_ref()?.code(&route.profile.errors)
    }

    fn log_failure(&self, report: &RequestReport, failure: &RequestFailure) {
        let parties = &report.parties;
        // The level of an event is a constant, so there are two events.
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: FAILURE_TARGET,
                    id = report.id,
                    trace_id = report.trace.map(display),
                    span_id = self.trace.as_ref().map(|trace| display(trace.span)),
                    cause = failure.cause,
                    fault = failure.fault,
                    status = report.status,
                    carrier_status = failure.carrier_status,
                    carrier_code = failure.carrier_code,
                    reason = failure.reason,
                    peer = %self.connection.peer.get(),
                    method = report.method,
                    path = report.path,
                    route = parties.route,
                    carrier = parties.carrier.as_ref().map(CarrierId::as_str),
                    environment = parties.environment.map(Environment::as_str),
                    account = parties.account.as_ref().map(AccountId::as_str),
                    app = parties.app.as_ref().map(AppId::as_str),
                    replayed = report.replayed,
                    latency_us = micros(report.duration),
                    "a request failed"
                )
            };
        }
        // An app's mistakes are part of an ordinary day; everything else needs somebody here.
        if failure.fault == Fault::App.as_str() {
            line!(info);
        } else {
            line!(warn);
        }
    }
}

//! A request that is over, as an operator sees it: without fields, bodies and queries.

use gateway_model::{AccountId, AppId, CarrierId, Environment, TraceId};
use std::time::{Duration, SystemTime};

/// A request that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestReport {
    /// Its id: the value of `Waybill-Request-Id`.
    pub id: String,
    /// When its response was complete or given up.
    pub ended_at: SystemTime,
    /// The time from its head to its end.
    pub duration: Duration,
    /// Its method, unless its head cannot be read.
    pub method: Option<String>,
    /// Its path without parameters, unless its head cannot be read. A long path is cut.
    pub path: Option<String>,
    /// The status that the app got, if a response began.
    pub status: Option<u16>,
    /// Whom it is about.
    pub parties: Parties,
    /// Whether it was sent again after a rejected credential.
    pub replayed: bool,
    /// The trace that it took part in, if there was one.
    pub trace: Option<TraceId>,
    /// Why it failed, if it did.
    pub failure: Option<RequestFailure>,
}

/// Whom a request is about, as far as the gateway has found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    /// The route: its prefix, else its first host, else `catch-all`.
    pub route: Option<String>,
    /// The carrier.
    pub carrier: Option<CarrierId>,
    /// The carrier's environment.
    pub environment: Option<Environment>,
    /// The account.
    pub account: Option<AccountId>,
    /// The app.
    pub app: Option<AppId>,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFailure {
    /// A stable code: that of `Waybill-Error`, or what the carrier or the app did.
    pub cause: &'static str,
    /// Who has to act: `app`, `operator`, `carrier` or `gateway`.
    pub fault: &'static str,
    /// The status of the carrier's response, if there was one.
    pub carrier_status: Option<u16>,
    /// The first error code in the carrier's response.
    pub carrier_code: Option<String>,
    /// What happened and what to do, if the gateway knows more than the cause.
    pub reason: Option<String>,
}

/// Which requests are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFilter {
    /// Only failed ones.
    pub failed: bool,
    /// Only the one with this id.
    pub id: Option<String>,
    /// Only those of this account.
    pub account: Option<AccountId>,
    /// Only those of this app.
    pub app: Option<AppId>,
    /// Only those that ended after this.
    pub since: Option<SystemTime>,
    /// How many at most.
    pub limit: usize,
}

impl RequestFilter {
    /// Whether a request that ended then is new enough.
    pub(crate) fn is_recent(&self, ended: SystemTime) -> bool {
        self.since.is_none_or(|since| ended > since)
    }

    /// Whether a request with this id, account and app is wanted.
    pub(crate) fn admits(
        &self,
        id: &[u8],
        account: Option<&AccountId>,
        app: Option<&AppId>,
    ) -> bool {
        self.id
            .as_ref()
            .is_none_or(|wanted| wanted.as_bytes() == id)
            && (self.account.as_ref()).is_none_or(|wanted| account == Some(wanted))
            && self.app.as_ref().is_none_or(|wanted| app == Some(wanted))
    }
}

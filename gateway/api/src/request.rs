//! The last requests of apps.

use gateway_model::{AccountId, AppId, CarrierId, Environment};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request of an app that is over. Fields, bodies and queries are not remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestView {
    /// The request's id: the value of `Waybill-Request-Id`.
    pub id: String,
    /// When its response was complete or given up.
    #[schema(value_type = String, format = DateTime)]
    pub ended_at: Timestamp,
    /// The time from the head of the request to its end, in microseconds.
    pub duration_us: u64,
    /// The method; absent if the head of the request cannot be read.
    pub method: Option<String>,
    /// The path without parameters; absent if the head of the request cannot be read. `…` stands for what is
    /// left out.
    pub path: Option<String>,
    /// The status that the app got; absent if no response began.
    pub status: Option<u16>,
    /// The route: its prefix, else its first host, else `catch-all`.
    pub route: Option<String>,
    /// The carrier.
    #[schema(value_type = Option<String>)]
    pub carrier: Option<CarrierId>,
    /// The carrier's environment: `production` or `test`.
    #[schema(value_type = Option<String>)]
    pub environment: Option<Environment>,
    /// The account.
    #[schema(value_type = Option<String>)]
    pub account: Option<AccountId>,
    /// The app.
    #[schema(value_type = Option<String>)]
    pub app: Option<AppId>,
    /// Whether it was sent again after the carrier rejected the token.
    pub replayed: bool,
    /// The id of the distributed trace that the request took part in; absent if traces are switched off.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// Why it failed; absent if it succeeded.
    pub failure: Option<RequestFailureView>,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestFailureView {
    /// A stable code: that of `Waybill-Error`, or `carrier_refused`, `carrier_failed`, `response_broken_off`,
    /// `app_gone` or `shutdown`.
    pub cause: String,
    /// Who has to act: `app`, `operator`, `carrier` or `gateway`.
    pub fault: String,
    /// The status of the carrier's response, if there was one.
    pub carrier_status: Option<u16>,
    /// The first error code in the carrier's response.
    pub carrier_code: Option<String>,
    /// What happened and what to do, if the gateway knows more than the cause.
    pub reason: Option<String>,
}

/// Which requests to return.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestQuery {
    /// Only failed requests.
    pub failed: bool,
    /// Only the request with this id.
    pub id: Option<String>,
    /// Only requests of this account.
    pub account: Option<AccountId>,
    /// Only requests of this app.
    pub app: Option<AppId>,
    /// Only requests that ended after this.
    pub since: Option<Timestamp>,
    /// The maximum number of requests; 100 if absent, at most 1000.
    pub limit: Option<usize>,
}

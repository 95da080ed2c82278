//! Joins the control plane to what the data plane remembers of its last requests.

use gateway_api::{RequestFailureView, RequestQuery, RequestView};
use gateway_control::RequestHistory;
use gateway_proxy::{RequestFailure, RequestFilter, RequestReport, RequestsReader};
use std::pin::Pin;

/// The data plane's last requests, as documents of the admin API.
pub(super) struct LastRequests(pub(super) RequestsReader);

impl RequestHistory for LastRequests {
    fn recent(
        &self,
        query: RequestQuery,
        limit: usize,
    ) -> Pin<Box<dyn Future<Output = Vec<RequestView>> + Send + '_>> {
        let filter = RequestFilter {
            failed: query.failed,
            id: query.id,
            account: query.account,
            app: query.app,
            since: query.since.map(Into::into),
            limit,
        };
        Box::pin(async move {
            let requests = self.0.recent(filter).await;
            requests.into_iter().map(view).collect()
        })
    }
}

fn view(request: RequestReport) -> RequestView {
    let RequestReport {
        id,
        ended_at,
        duration,
        method,
        path,
        status,
        parties,
        replayed,
        trace,
        failure,
    } = request;
    RequestView {
        id,
        // A time outside the calendar becomes the epoch.
        ended_at: ended_at.try_into().unwrap_or_default(),
        duration_us: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        method,
        path,
        status,
        route: parties.route,
        carrier: parties.carrier,
        environment: parties.environment,
        account: parties.account,
        app: parties.app,
        replayed,
        trace_id: trace.map(|trace| trace.to_string()),
        failure: failure.map(failure_view),
    }
}

fn failure_view(failure: RequestFailure) -> RequestFailureView {
    RequestFailureView {
        cause: failure.cause.to_owned(),
        fault: failure.fault.to_owned(),
        carrier_status: failure.carrier_status,
        carrier_code: failure.carrier_code,
        reason: failure.reason,
    }
}

//! New requests of apps as they come, by server-sent events.

use super::{caller::Caller, extract::QueryOf, guard::bearer};
use crate::{
    context::AdminContext,
    error::AdminError,
    event_stream::{self, Audience, event},
};
use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use gateway_api::{RequestQuery, RequestView};
use gateway_control::ControlPlane;
use gateway_model::Secret;
use http::HeaderMap;

/// A program that listens.
struct Program {
    control: ControlPlane,
    token: Secret,
}

impl Audience for Program {
    async fn tell(&mut self, new: Vec<RequestView>) -> Vec<Event> {
        let events = new.iter().map(|request| {
            // A document of names and numbers always has a JSON form.
            event("request", request)
                .json_data(request)
                .unwrap_or_default()
        });
        std::future::ready(events.collect()).await
    }

    async fn is_admitted(&self) -> bool {
        // An error of the store ends no stream: nothing was found out about the token.
        let identity = self.control.authenticate(&self.token).await;
        !identity.is_ok_and(|identity| identity.is_none())
    }
}

/// New requests of apps as they come, as server-sent events.
///
/// An event of the type `request` has a request, an event of the type `end` the reason for the end. The stream
/// begins with the requests that ended after `since` or after the time in `Last-Event-ID`. At most 16 clients
/// can listen at once.
#[utoipa::path(get, path = "/api/v1/requests/live", tag = "gateway",
    params(
        ("failed" = Option<bool>, Query, description = "`true`: only failed requests"),
        ("account" = Option<String>, Query, description = "Only requests of this account"),
        ("app" = Option<String>, Query, description = "Only requests of this app"),
        ("since" = Option<String>, Query, description = "Begin with the requests that ended after this time \
            (RFC 3339)")),
    responses((status = 200, description = "The events", body = String,
        content_type = "text/event-stream")))]
pub(super) async fn live_requests(
    State(context): State<AdminContext>,
    by: Caller,
    headers: HeaderMap,
    QueryOf(query): QueryOf<RequestQuery>,
) -> Result<Response, AdminError> {
    let program = Program {
        control: by.control.clone(),
        token: bearer(&headers).ok_or(AdminError::NoToken)?,
    };
    event_stream::begin(&context, &by.control, &headers, query, program).await
}

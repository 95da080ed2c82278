//! The rows and the plot of the pages about requests, as news come.

use super::{
    page::{PageError, PageResult},
    requests::{Filter, Row, plot},
    visitor::Visitor,
};
use crate::{
    context::AdminContext,
    event_stream::{self, Audience, event},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::sse::Event,
};
use gateway_api::{RequestQuery, RequestView};
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// How often a plot is made anew, at most: for each one all workers are asked for their last requests.
const PLOT: Duration = Duration::from_secs(10);

/// What a page wants to hear of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LiveQuery {
    failed: bool,
    account: String,
    app: String,
    since: Option<Timestamp>,
    /// Whether the page has the plot of all requests, and rows of the failed ones.
    overview: bool,
}

/// One row, as it is put on top of the table.
#[derive(Template)]
#[template(path = "ui/request_row.html")]
struct RowFragment {
    row: Row,
}

/// The same on the overview.
#[derive(Template)]
#[template(path = "ui/failure_row.html")]
struct FailureFragment {
    row: Row,
}

/// A page that listens.
struct Page {
    context: AdminContext,
    visitor: Visitor,
    query: RequestQuery,
    overview: bool,
    plotted: Option<Instant>,
}

impl Page {
    fn rows(&self, new: Vec<RequestView>) -> Vec<Event> {
        let wanted = |request: &RequestView| !self.overview || request.failure.is_some();
        let rows = new.into_iter().filter(wanted).map(|request| {
            let event = event("row", &request);
            let row = Row::new(&self.visitor, request);
            let html = if self.overview {
                FailureFragment { row }.render()
            } else {
                RowFragment { row }.render()
            };
            event.data(html.unwrap_or_default().replace(['\r', '\n'], " "))
        });
        rows.collect()
    }

    async fn plot(&self) -> Event {
        let all = RequestQuery {
            limit: Some(1000),
            ..self.query.clone()
        };
        let requests = self.visitor.control.requests(all).await;
        let svg = plot(&requests, self.visitor.now);
        Event::default().event("plot").data(svg)
    }
}

impl Audience for Page {
    async fn tell(&mut self, new: Vec<RequestView>) -> Vec<Event> {
        if let Ok(now) = Timestamp::try_from(self.context.clock.wall()) {
            self.visitor.now = now;
        }
        let mut events = self.rows(new);
        let now = self.context.clock.now();
        let old = |at: Instant| now.saturating_duration_since(at) >= PLOT;
        if self.plotted.is_none_or(old) {
            self.plotted = Some(now);
            events.push(self.plot().await);
        }
        events
    }

    async fn is_admitted(&self) -> bool {
        let visitor = &self.visitor;
        // An error of the store ends no stream: nothing was found out about the session.
        let lives = visitor.control.session_lives(visitor.session).await;
        lives.unwrap_or(true)
    }
}

/// The news of a page about requests, as server-sent events with pieces of the page.
pub(super) async fn live(
    State(context): State<AdminContext>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(live): Query<LiveQuery>,
) -> PageResult {
    let query = Filter {
        failed: live.failed,
        account: live.account,
        app: live.app,
    }
    .query();
    let wanted = RequestQuery {
        since: live.since,
        ..query.clone()
    };
    let control = visitor.control.clone();
    let page = Page {
        context: context.clone(),
        visitor,
        query,
        overview: live.overview,
        plotted: None,
    };
    let response = event_stream::begin(&context, &control, &headers, wanted, page).await;
    response.map_err(PageError)
}

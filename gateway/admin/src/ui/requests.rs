//! The last requests of apps, and the story of one.

use super::{
    page::{Frame, PageError, PageResult, Section, moment, page, with_script},
    table::{Asked, Column, Compare, ROWS, Table, TableKind},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use crate::error::AdminError;
use askama::Template;
use axum::extract::Path;
use gateway_api::{RequestQuery, RequestView};
use jiff::Timestamp;
use std::{borrow::Cow, fmt::Write as _};

/// The minutes of the plot.
const MINUTES: usize = 30;
/// The height of the plot, in its own units.
const HEIGHT: usize = 40;

const TABLE: TableKind<Compare<RequestView>> = TableKind {
    path: "/ui/requests",
    hint: "path, id, cause or carrier",
    usual: "-when",
    keeps: &["account", "app", "failed"],
    columns: &[
        Column::newest_first("When", "when", |one, other| {
            one.ended_at.cmp(&other.ended_at)
        }),
        Column::sorts("Status", "status", |one, other| {
            one.status.cmp(&other.status)
        }),
        Column::sorts("Request", "request", |one, other| {
            (&one.path, &one.method).cmp(&(&other.path, &other.method))
        }),
        Column::sorts("App", "app", |one, other| one.app.cmp(&other.app)),
        Column::sorts("Account", "account", |one, other| {
            one.account.cmp(&other.account)
        }),
        // The slowest one first.
        Column::newest_first("Time", "time", |one, other| {
            one.duration_us.cmp(&other.duration_us)
        }),
    ],
};

#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) failed: bool,
    pub(super) account: String,
    pub(super) app: String,
}

impl Filter {
    fn of(asked: &Asked) -> Self {
        Self {
            failed: asked.other("failed") == "true",
            account: asked.other("account").to_owned(),
            app: asked.other("app").to_owned(),
        }
    }

    /// The query for these requests.
    pub(super) fn query(&self) -> RequestQuery {
        RequestQuery {
            failed: self.failed,
            account: named(&self.account),
            app: named(&self.app),
            ..RequestQuery::default()
        }
    }

    /// Where the page hears of news.
    fn live(&self, now: Timestamp) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("failed", if self.failed { "true" } else { "false" })
            .append_pair("account", self.account.trim())
            .append_pair("app", self.app.trim())
            .append_pair("since", &now.to_string())
            .finish();
        format!("/ui/requests/live?{query}")
    }
}

#[derive(Template)]
#[template(path = "ui/requests.html")]
struct RequestsPage {
    frame: Frame,
    filter: Filter,
    rows: Vec<Row>,
    table: Table,
    plot: String,
    /// Where the page hears of news, if they belong on top of it.
    live: Option<String>,
    most: usize,
}

/// A request, as a list shows it.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) at: Moment,
    pub(super) badge: Badge,
    pub(super) status: String,
    pub(super) line: String,
    pub(super) account: String,
    pub(super) app: String,
    pub(super) duration: String,
    pub(super) cause: Option<String>,
}

#[derive(Template)]
#[template(path = "ui/request.html")]
struct RequestPage {
    frame: Frame,
    row: Row,
    view: RequestView,
    carrier: String,
}

impl Row {
    pub(super) fn new(visitor: &Visitor, request: RequestView) -> Self {
        let method = request.method.unwrap_or_else(|| "?".to_owned());
        let path = request.path.unwrap_or_else(|| "(unreadable)".to_owned());
        Self {
            at: moment(visitor, request.ended_at),
            badge: words::status(request.status),
            status: request
                .status
                .map_or_else(|| "–".to_owned(), |it| it.to_string()),
            line: format!("{method} {path}"),
            account: request.account.map(|it| it.to_string()).unwrap_or_default(),
            app: request.app.map(|it| it.to_string()).unwrap_or_default(),
            duration: milliseconds(request.duration_us),
            cause: request
                .failure
                .map(|failure| failure.cause.replace('_', " ")),
            id: request.id,
        }
    }
}

fn milliseconds(microseconds: u64) -> String {
    format!("{}.{} ms", microseconds / 1_000, microseconds % 1_000 / 100)
}

/// The last requests, the newest first.
pub(super) async fn requests(visitor: Visitor, asked: Asked) -> PageResult {
    let filter = Filter::of(&asked);
    let query = RequestQuery {
        limit: Some(1000),
        ..filter.query()
    };
    let found = visitor.control.requests(query).await;
    let plot = plot(&found, visitor.now);
    let live = filter.live(newest(&found).unwrap_or(visitor.now));
    let (found, table) = TABLE.page(asked, found, texts);
    let page = page(&RequestsPage {
        frame: Frame::new(&visitor, Section::Requests, "Requests"),
        rows: (found.into_iter())
            .map(|it| Row::new(&visitor, it))
            .collect(),
        filter,
        plot,
        live: table.is_at_its_beginning().then_some(live),
        most: ROWS,
        table,
    });
    page.map(with_script)
}

/// What a request is searched by.
fn texts(request: &RequestView) -> Vec<Cow<'_, str>> {
    let failure = request.failure.as_ref();
    let texts = [
        Some(request.id.as_str()),
        request.method.as_deref(),
        request.path.as_deref(),
        request.carrier.as_ref().map(|it| it.as_str()),
        request.account.as_ref().map(|it| it.as_str()),
        request.app.as_ref().map(|it| it.as_str()),
        failure.and_then(|it| it.carrier_code.as_deref()),
        failure.and_then(|it| it.reason.as_deref()),
    ];
    let status = request.status.map(|status| status.to_string().into());
    // As the page writes it, and as the API does.
    let cause = failure.map(|it| it.cause.replace('_', " ").into());
    let code = failure.map(|it| it.cause.as_str().into());
    let texts = texts.into_iter().flatten().map(Into::into);
    texts.chain(status).chain(cause).chain(code).collect()
}

/// The time from which a page hears of news: from the newest request on, and not from now on, because a request may
/// end while the page is made.
pub(super) fn newest(found: &[RequestView]) -> Option<Timestamp> {
    found.first().map(|request| request.ended_at)
}

/// Where the overview hears of news.
pub(super) fn live_of_overview(since: Timestamp) -> String {
    format!("/ui/requests/live?overview=true&since={since}")
}

/// A name of a filter; a text that is no name filters nothing.
fn named<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

/// One request.
pub(super) async fn request(visitor: Visitor, Path(id): Path<String>) -> PageResult {
    let query = RequestQuery {
        id: Some(id),
        limit: Some(1),
        ..RequestQuery::default()
    };
    let Some(view) = visitor.control.requests(query).await.into_iter().next() else {
        // The id is not repeated: it is whatever the address had.
        let message = "this request is not among the last thousand".to_owned();
        return Err(PageError(AdminError::Invalid("unknown_request", message)));
    };
    let carrier = view.carrier.as_ref().map(ToString::to_string);
    page(&RequestPage {
        frame: Frame::new(&visitor, Section::Requests, "One request"),
        row: Row::new(&visitor, view.clone()),
        carrier: carrier.unwrap_or_default(),
        view,
    })
}

/// The requests of the last minutes as bars: what went well below, what failed above it.
pub(super) fn plot(requests: &[RequestView], now: Timestamp) -> String {
    let mut minutes = [(0_usize, 0_usize); MINUTES];
    for request in requests {
        let age = now.as_second().saturating_sub(request.ended_at.as_second()) / 60;
        let bar = usize::try_from(age)
            .ok()
            .and_then(|age| minutes.get_mut(age));
        if let Some((good, bad)) = bar {
            if request.failure.is_some() {
                *bad += 1;
            } else {
                *good += 1;
            }
        }
    }
    let most = minutes.iter().map(|(good, bad)| good + bad).max();
    let most = most.unwrap_or_default().max(1);
    let total: usize = minutes.iter().map(|(good, bad)| good + bad).sum();
    let failed: usize = minutes.iter().map(|(_, bad)| bad).sum();
    let mut svg = format!(
        "<svg class=\"plot\" preserveAspectRatio=\"none\" viewBox=\"0 0 {} {HEIGHT}\" role=\"img\" aria-label=\"{total} requests in \
         {MINUTES} minutes, {failed} of them failed\">",
        MINUTES * 10
    );
    for (age, (good, bad)) in minutes.iter().enumerate() {
        let x = (MINUTES - 1 - age) * 10;
        let low = (good * HEIGHT).div_ceil(most).min(HEIGHT);
        let high = (bad * HEIGHT).div_ceil(most).min(HEIGHT - low.min(HEIGHT));
        let (y_good, y_bad) = (HEIGHT - low, HEIGHT - low - high);
        // Numbers only, so that nothing needs escaping. Writing to a `String` does not fail.
        let _ = write!(
            svg,
            "<rect class=\"good\" x=\"{x}\" y=\"{y_good}\" width=\"8\" height=\"{low}\"/>\
             <rect class=\"bad\" x=\"{x}\" y=\"{y_bad}\" width=\"8\" height=\"{high}\"/>"
        );
    }
    svg.push_str("</svg>");
    svg
}

//! The doctor: it tries everything that could be wrong.

use super::{
    account::name_of,
    fields::Fields,
    page::{Frame, PageResult, Section, page, with_script},
    visitor::Visitor,
    words::{self, Badge},
};
use crate::context::AdminContext;
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use gateway_api::{Check, DoctorReport};
use gateway_control::ControlError;
use gateway_model::AccountId;
use http::{HeaderMap, header};
use std::convert::Infallible;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[derive(Template)]
#[template(path = "ui/doctor.html")]
struct DoctorPage {
    frame: Frame,
    account: String,
    report: Option<Report>,
}

/// The results; without a badge more of them are to come.
#[derive(Template)]
#[template(path = "ui/doctor_report.html")]
struct Report {
    badge: Option<Badge>,
    rows: Vec<Row>,
}

// The template escapes its own parts.
impl HtmlSafe for Report {}

struct Row {
    check: Check,
    badge: Badge,
}

#[derive(Template)]
#[template(path = "ui/doctor_row.html")]
struct RowFragment {
    row: Row,
}

impl Row {
    fn new(check: Check) -> Self {
        Self {
            badge: words::verdict(check.verdict),
            check,
        }
    }
}

impl Report {
    fn new(report: DoctorReport) -> Self {
        let mut checks = report.checks;
        // What does not work comes first; a stable sort keeps the order of the checks otherwise.
        checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
        Self {
            badge: Some(words::verdict(report.verdict)),
            rows: checks.into_iter().map(Row::new).collect(),
        }
    }
}

/// The form.
pub(super) async fn form(visitor: Visitor) -> PageResult {
    doctor_page(&visitor, "", None)
}

fn doctor_page(visitor: &Visitor, account: &str, report: Option<Report>) -> PageResult {
    let page = page(&DoctorPage {
        frame: Frame::new(visitor, Section::Doctor, "Doctor"),
        account: account.to_owned(),
        report,
    });
    page.map(with_script)
}

/// Examines the gateway, and one account or all.
pub(super) async fn examine(
    State(context): State<AdminContext>,
    visitor: Visitor,
    headers: HeaderMap,
    fields: Fields,
) -> PageResult {
    let account = fields.text("account");
    let name = match account {
        "" => None,
        text => Some(name_of(text)?),
    };
    if wants_events(&headers) {
        return Ok(as_they_come(&context, visitor, name));
    }
    let report = visitor
        .control
        .doctor(&visitor.actor, name.as_ref())
        .await?;
    doctor_page(&visitor, account, Some(Report::new(report)))
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    accept.is_some_and(|it| it.as_bytes() == b"text/event-stream")
}

/// The results as server-sent events, with pieces of the page; the last one is what the page would have been.
fn as_they_come(context: &AdminContext, visitor: Visitor, name: Option<AccountId>) -> Response {
    // Not bounded: the doctor's checks are few, and it must not wait for who reads them.
    let (events, told) = unbounded_channel();
    send(
        &events,
        "page",
        Report {
            badge: None,
            rows: Vec::new(),
        }
        .render(),
    );
    // The diagnosis goes on if the browser goes away, as it does without a script.
    context.tasks.spawn(async move {
        let tell = |checks: &[Check]| {
            for check in checks {
                let row = Row::new(check.clone());
                send(&events, "row", RowFragment { row }.render());
            }
        };
        let done = visitor
            .control
            .doctor_telling(&visitor.actor, name.as_ref(), tell);
        let page = match done.await {
            Ok(report) => Report::new(report).render(),
            Err(error) => refused(&error).render(),
        };
        send(&events, "page", page);
    });
    let events = stream::unfold(told, async |mut told| {
        let event = told.recv().await?;
        Some((Ok::<Event, Infallible>(event), told))
    });
    Sse::new(Box::pin(events))
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn send(events: &UnboundedSender<Event>, name: &str, html: askama::Result<String>) {
    // A piece is one line, so that the script need not put lines together.
    let html = html.unwrap_or_default().replace(['\r', '\n'], " ");
    // The browser may be gone.
    let _ = events.send(Event::default().event(name).data(html));
}

fn refused(error: &ControlError) -> Report {
    let check = Check {
        account: None,
        name: "doctor".to_owned(),
        verdict: gateway_api::Verdict::Failure,
        message: error.message.clone(),
        remedy: error.remedy.clone(),
    };
    Report {
        badge: Some(words::verdict(check.verdict)),
        rows: vec![Row::new(check)],
    }
}

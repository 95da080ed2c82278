//! The audit trail.

use super::{
    facts::facts,
    page::{Frame, PageResult, Section, moment, page},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use askama::Template;
use axum::extract::Query;
use gateway_api::AuditView;
use serde::Deserialize;

/// The rows of a page.
const ROWS: usize = 100;

#[derive(Deserialize)]
pub(super) struct From {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "ui/audit.html")]
struct AuditPage {
    frame: Frame,
    rows: Vec<Row>,
    older: Option<i64>,
}

struct Row {
    at: Moment,
    actor: String,
    action: String,
    subject: String,
    facts: Vec<(String, String)>,
    badge: Badge,
    outcome: String,
}

/// The audit trail, the newest entries first.
pub(super) async fn audit(visitor: Visitor, Query(from): Query<From>) -> PageResult {
    let entries = visitor.control.audit(from.before, ROWS).await?;
    let full = entries.len() == ROWS;
    let older = entries.last().map(|entry| entry.id).filter(|_| full);
    page(&AuditPage {
        frame: Frame::new(&visitor, Section::Audit, "Audit"),
        rows: entries.into_iter().map(|it| row(&visitor, it)).collect(),
        older,
    })
}

fn row(visitor: &Visitor, entry: AuditView) -> Row {
    Row {
        at: moment(visitor, entry.at),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        facts: facts(&entry.detail),
        badge: words::success(entry.outcome.as_deref() == Some("ok")),
        outcome: entry.outcome.unwrap_or_else(|| "not known yet".to_owned()),
    }
}

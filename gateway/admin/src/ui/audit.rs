//! The audit trail.

use super::{
    facts::facts,
    page::{Frame, PageResult, Section, moment, page},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use askama::Template;
use gateway_api::AuditView;

/// The entries that are searched and sorted at once. They are read and deciphered for that.
const WINDOW: usize = 250;

const TABLE: TableKind<Compare<AuditView>> = TableKind {
    path: "/ui/audit",
    hint: "who, what, subject or fact",
    usual: "-when",
    keeps: &["before"],
    columns: &[
        Column::newest_first("When", "when", |one, other| one.id.cmp(&other.id)),
        Column::sorts("Who", "who", |one, other| one.actor.cmp(&other.actor)),
        Column::sorts("What", "what", |one, other| one.action.cmp(&other.action)),
        Column::sorts("Subject", "subject", |one, other| {
            one.subject.cmp(&other.subject)
        }),
        Column::plain("Facts"),
        Column::sorts("Outcome", "outcome", |one, other| {
            one.outcome.cmp(&other.outcome)
        }),
    ],
};

#[derive(Template)]
#[template(path = "ui/audit.html")]
struct AuditPage {
    frame: Frame,
    rows: Vec<Row>,
    table: Table,
    /// Whether these are not the newest entries.
    is_older: bool,
    /// The entries before these.
    older: Option<String>,
    window: usize,
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
pub(super) async fn audit(visitor: Visitor, asked: Asked) -> PageResult {
    let before = asked.other("before").parse().ok();
    let entries = visitor.control.audit(before, WINDOW).await?;
    let full = entries.len() == WINDOW;
    let last = entries.last().map(|entry| entry.id).filter(|_| full);
    let (entries, table) = TABLE.page(asked, entries, |entry| {
        let mut texts = vec![
            entry.actor.as_str().into(),
            entry.action.as_str().into(),
            entry.subject.as_str().into(),
            entry.outcome.as_deref().unwrap_or(UNKNOWN).into(),
        ];
        for (name, value) in facts(&entry.detail) {
            texts.extend([name.into(), value.into()]);
        }
        texts
    });
    page(&AuditPage {
        frame: Frame::new(&visitor, Section::Audit, "Audit"),
        rows: entries.into_iter().map(|it| row(&visitor, it)).collect(),
        older: last.map(|id| table.with("before", &id.to_string())),
        is_older: before.is_some(),
        window: WINDOW,
        table,
    })
}

/// An outcome that nobody has noted: the change is being made, or the gateway ended meanwhile.
const UNKNOWN: &str = "not known yet";

fn row(visitor: &Visitor, entry: AuditView) -> Row {
    Row {
        at: moment(visitor, entry.at),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        facts: facts(&entry.detail),
        badge: words::success(entry.outcome.as_deref() == Some("ok")),
        outcome: entry.outcome.unwrap_or_else(|| UNKNOWN.to_owned()),
    }
}

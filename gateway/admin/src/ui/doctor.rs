//! The doctor: it tries everything that could be wrong.

use super::{
    account::name_of,
    fields::Fields,
    page::{Frame, PageResult, Section, page},
    visitor::Visitor,
    words::{self, Badge},
};
use askama::Template;
use gateway_api::Check;

#[derive(Template)]
#[template(path = "ui/doctor.html")]
struct DoctorPage {
    frame: Frame,
    account: String,
    report: Option<Report>,
}

struct Report {
    badge: Badge,
    rows: Vec<Row>,
}

struct Row {
    check: Check,
    badge: Badge,
}

/// The form.
pub(super) async fn form(visitor: Visitor) -> PageResult {
    page(&DoctorPage {
        frame: Frame::new(&visitor, Section::Doctor, "Doctor"),
        account: String::new(),
        report: None,
    })
}

/// Examines the gateway, and one account or all.
pub(super) async fn examine(visitor: Visitor, fields: Fields) -> PageResult {
    let account = fields.text("account");
    let name = match account {
        "" => None,
        text => Some(name_of(text)?),
    };
    let report = visitor
        .control
        .doctor(&visitor.actor, name.as_ref())
        .await?;
    let mut checks = report.checks;
    // What does not work comes first; a stable sort keeps the order of the checks otherwise.
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    let rows = checks.into_iter().map(|check| Row {
        badge: words::verdict(check.verdict),
        check,
    });
    page(&DoctorPage {
        frame: Frame::new(&visitor, Section::Doctor, "Doctor"),
        account: account.to_owned(),
        report: Some(Report {
            badge: words::verdict(report.verdict),
            rows: rows.collect(),
        }),
    })
}

//! Open notices.

use super::{
    overview::Notice,
    page::{Frame, PageResult, Section, page},
    table::{Asked, Column, Compare, ROWS, Table, TableKind},
    visitor::Visitor,
    words,
};
use askama::Template;
use gateway_api::NoticeView;

const TABLE: TableKind<Compare<NoticeView>> = TableKind {
    path: "/ui/notices",
    hint: "account or words of a notice",
    // The most severe one comes first.
    usual: "notice",
    keeps: &[],
    columns: &[
        Column::sorts("Account", "account", |one, other| {
            one.account.cmp(&other.account)
        }),
        Column::sorts("Notice", "notice", |one, other| other.kind.cmp(&one.kind)),
        Column::newest_first("Since", "since", |one, other| one.at.cmp(&other.at)),
        Column::plain("Why, and what to do"),
    ],
};

#[derive(Template)]
#[template(path = "ui/notices.html")]
struct NoticesPage {
    frame: Frame,
    notices: Vec<Notice>,
    table: Table,
}

/// Open notices, the most severe first.
pub(super) async fn notices(visitor: Visitor, asked: Asked) -> PageResult {
    let (notices, table) = if asked.is_nothing() {
        // The beginning of what may be thousands, as the database sorts it.
        let most = u32::try_from(ROWS).unwrap_or(u32::MAX);
        let (notices, open) = visitor.control.urgent_notices(most).await?;
        let open = usize::try_from(open).unwrap_or(usize::MAX);
        (notices, TABLE.table(asked, open, open))
    } else {
        let notices = visitor.control.notices().await?;
        TABLE.page(asked, notices, |it| {
            vec![
                it.account.as_str().into(),
                words::notice(it.kind).into(),
                it.message.as_str().into(),
            ]
        })
    };
    page(&NoticesPage {
        notices: (notices.into_iter())
            .map(|notice| Notice::new(&visitor, notice))
            .collect(),
        table,
        frame: Frame::new(&visitor, Section::Notices, "Notices"),
    })
}

//! Open notices.

use super::{
    overview::Notice,
    page::{Frame, PageResult, Section, page},
    visitor::Visitor,
};
use askama::Template;

#[derive(Template)]
#[template(path = "ui/notices.html")]
struct NoticesPage {
    frame: Frame,
    notices: Vec<Notice>,
    open: u64,
}

/// The most notices of the page.
const ROWS: u32 = 200;

/// Open notices, the most severe first.
pub(super) async fn notices(visitor: Visitor) -> PageResult {
    let (notices, open) = visitor.control.urgent_notices(ROWS).await?;
    page(&NoticesPage {
        open,
        notices: (notices.into_iter())
            .map(|notice| Notice::new(&visitor, notice))
            .collect(),
        frame: Frame::new(&visitor, Section::Notices, "Notices"),
    })
}

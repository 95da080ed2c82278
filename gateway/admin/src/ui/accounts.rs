//! The list of accounts.

use super::{
    page::{Frame, PageResult, Section, moment, page},
    visitor::Visitor,
    words::{self, Badge, Life, Moment},
};
use askama::Template;
use axum::extract::Query;
use gateway_control::{AccountOrder, AccountQuery, AccountSummary};
use jiff::Timestamp;
use serde::Deserialize;

/// The rows of a page.
const ROWS: usize = 50;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    sort: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "ui/accounts.html")]
struct AccountsPage {
    frame: Frame,
    query: String,
    sort: &'static str,
    rows: Vec<Row>,
    found: usize,
    first: usize,
    previous: Option<usize>,
    next: Option<usize>,
}

/// An account in a list.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) carrier: String,
    pub(super) numbers: String,
    pub(super) badge: Badge,
    pub(super) token: Option<Lasting>,
    pub(super) sign_in: Option<Lasting>,
    pub(super) default: bool,
}

/// What ends, and how much of its life is left if its beginning is known.
pub(super) struct Lasting {
    pub(super) end: Moment,
    pub(super) life: Option<Life>,
}

impl Lasting {
    fn new(visitor: &Visitor, from: Option<Timestamp>, to: Timestamp) -> Self {
        Self {
            end: moment(visitor, to),
            life: from.and_then(|from| Life::new(from, to, visitor.now)),
        }
    }
}

/// The list of accounts: searched, sorted, a page at a time.
pub(super) async fn accounts(visitor: Visitor, Query(query): Query<ListQuery>) -> PageResult {
    let (sort, order) = match query.sort.as_str() {
        "name" => ("name", AccountOrder::Name),
        "token" => ("token", AccountOrder::TokenExpiry),
        _ => ("state", AccountOrder::Urgency),
    };
    let list = visitor.control.account_list(AccountQuery {
        text: &query.q,
        order,
        skip: query.page.saturating_mul(ROWS),
        limit: ROWS,
    });
    let list = list.await?;
    let found = list.found;
    let first = query.page.saturating_mul(ROWS).min(found);
    let last = (first + ROWS).min(found);
    let rows = list.accounts.into_iter();
    let number = first / ROWS;
    page(&AccountsPage {
        frame: Frame::new(&visitor, Section::Accounts, "Accounts"),
        rows: rows.map(|account| row(&visitor, account)).collect(),
        query: query.q,
        sort,
        found,
        first,
        previous: number.checked_sub(1).filter(|_| first > 0),
        next: (last < found).then_some(number + 1),
    })
}

pub(super) fn row(visitor: &Visitor, account: AccountSummary) -> Row {
    let lasting = |from, to| Lasting::new(visitor, from, to);
    let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
    Row {
        numbers: numbers.join(", "),
        badge: words::account_state(account.state),
        token: (account.token_expires_at).map(|to| lasting(account.token_issued_at, to)),
        sign_in: (account.grant_expires_at).map(|to| lasting(account.grant_issued_at, to)),
        default: account.default,
        carrier: format!("{} {}", account.carrier, account.environment.as_str()),
        name: account.name.to_string(),
    }
}

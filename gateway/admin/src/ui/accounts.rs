//! The list of accounts.

use super::{
    page::{Frame, PageResult, Section, moment, page},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use askama::Template;
use axum::extract::Query;
use gateway_api::AccountView;
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

struct Row {
    name: String,
    carrier: String,
    numbers: String,
    badge: Badge,
    token: Option<Moment>,
    sign_in: Option<Moment>,
    default: bool,
}

/// The list of accounts: searched, sorted, a page at a time.
pub(super) async fn accounts(visitor: Visitor, Query(query): Query<ListQuery>) -> PageResult {
    let mut accounts = visitor.control.accounts().await?;
    let wanted = query.q.trim().to_lowercase();
    accounts.retain(|account| wanted.is_empty() || matches(account, &wanted));
    let sort = match query.sort.as_str() {
        "name" => "name",
        "token" => "token",
        _ => "state",
    };
    // The store's order is by name, and a stable sort keeps it within a state.
    match sort {
        "token" => accounts.sort_by_key(|account| account.token_expires_at),
        "state" => accounts.sort_by_key(|account| words::urgency(account.state)),
        _ => {}
    }
    let found = accounts.len();
    let first = query.page.saturating_mul(ROWS).min(found);
    let last = (first + ROWS).min(found);
    let rows = accounts.into_iter().skip(first).take(ROWS);
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

/// Whether an account has the text in its name, an alias, its carrier or a number.
fn matches(account: &AccountView, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    has(account.name.as_str())
        || has(account.carrier.as_str())
        || account.aliases.iter().any(|alias| has(alias.as_str()))
        || account.numbers.iter().any(|number| has(number.as_str()))
}

fn row(visitor: &Visitor, account: AccountView) -> Row {
    let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
    Row {
        numbers: numbers.join(", "),
        badge: words::account_state(account.state),
        token: account.token_expires_at.map(|at| moment(visitor, at)),
        sign_in: account.grant_expires_at.map(|at| moment(visitor, at)),
        default: account.default,
        carrier: format!("{} {}", account.carrier, account.environment.as_str()),
        name: account.name.to_string(),
    }
}

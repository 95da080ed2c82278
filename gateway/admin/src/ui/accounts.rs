//! The list of accounts.

use super::{
    page::{Frame, PageError, PageResult, Section, moment, page},
    table::{Asked, Column, ROWS, Table, TableKind},
    visitor::Visitor,
    words::{self, Badge, Life, Moment},
};
use askama::Template;
use gateway_control::{AccountList, AccountOrder, AccountQuery, AccountSummary};
use jiff::Timestamp;

const TABLE: TableKind<AccountOrder> = TableKind {
    path: "/ui/accounts",
    hint: "name, number or carrier",
    // What needs a person comes first.
    usual: "state",
    keeps: &[],
    columns: &[
        Column::sorts("Account", "name", AccountOrder::Name),
        Column::plain("Numbers"),
        Column::sorts("State", "state", AccountOrder::Urgency),
        Column::sorts("Token expires", "token", AccountOrder::TokenExpiry),
        Column::plain("Sign in again before"),
    ],
};

#[derive(Template)]
#[template(path = "ui/accounts.html")]
struct AccountsPage {
    frame: Frame,
    rows: Vec<Row>,
    table: Table,
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
pub(super) async fn accounts(visitor: Visitor, asked: Asked) -> PageResult {
    let first = asked.first();
    let mut list = list(&visitor, &asked, first).await?;
    let table = TABLE.table(asked.clone(), list.found, list.found);
    // There may be fewer accounts than when somebody kept the address.
    if table.range().start != first {
        list = self::list(&visitor, &asked, table.range().start).await?;
    }
    let rows = list.accounts.into_iter();
    page(&AccountsPage {
        frame: Frame::new(&visitor, Section::Accounts, "Accounts"),
        rows: rows.map(|account| row(&visitor, account)).collect(),
        table,
    })
}

async fn list(visitor: &Visitor, asked: &Asked, skip: usize) -> Result<AccountList, PageError> {
    // Sorted by the control plane, which need not describe 10,000 accounts for that.
    let (order, descending) = (TABLE.order(asked)).unwrap_or((AccountOrder::Urgency, false));
    let query = AccountQuery {
        text: &asked.text,
        order,
        descending,
        skip,
        limit: ROWS,
    };
    Ok(visitor.control.account_list(query).await?)
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

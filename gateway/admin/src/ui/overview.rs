//! The first page: what needs a person, and how the gateway does.

use super::{
    page::{Frame, PageResult, Section, moment, page},
    requests::{Row as RequestRow, plot},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use askama::Template;
use gateway_api::{AccountState, AccountView, NoticeView, ReplicaView, RequestQuery};

/// The rows of each list of this page; the page of the subject has all.
const ROWS: usize = 8;

#[derive(Template)]
#[template(path = "ui/overview.html")]
struct OverviewPage {
    frame: Frame,
    total: usize,
    usable: usize,
    waiting: Vec<Waiting>,
    more_waiting: usize,
    notices: Vec<Notice>,
    failures: Vec<RequestRow>,
    plot: String,
    replicas: Vec<Replica>,
    version: String,
    store: String,
}

/// A gateway of the fleet.
struct Replica {
    name: String,
    state: Badge,
    version: String,
    since: Moment,
    usable: u64,
    renews: u64,
}

/// An account that needs a person.
struct Waiting {
    name: String,
    carrier: String,
    badge: Badge,
    message: String,
}

/// A notice, as a list shows it.
pub(super) struct Notice {
    pub(super) account: String,
    pub(super) kind: &'static str,
    pub(super) at: Moment,
    pub(super) message: String,
}

impl Notice {
    pub(super) fn new(visitor: &Visitor, notice: NoticeView) -> Self {
        Self {
            account: notice.account.to_string(),
            kind: words::notice(notice.kind),
            at: moment(visitor, notice.at),
            message: notice.message,
        }
    }
}

/// The first page.
pub(super) async fn overview(visitor: Visitor) -> PageResult {
    let status = visitor.control.status().await?;
    let mut accounts = visitor.control.accounts().await?;
    accounts.retain(needs_person);
    accounts.sort_by_key(|account| words::urgency(account.state));
    let all = RequestQuery {
        limit: Some(1000),
        ..RequestQuery::default()
    };
    let requests = visitor.control.requests(all).await;
    let plot = plot(&requests, visitor.now);
    let replicas = match &status.fleet {
        Some(_) => visitor.control.replicas().await?,
        None => Vec::new(),
    };
    let failures = requests.into_iter().filter(|it| it.failure.is_some());
    let failures = failures.take(ROWS);
    page(&OverviewPage {
        frame: Frame::new(&visitor, Section::Overview, "Overview"),
        total: status.accounts,
        usable: status.usable,
        more_waiting: accounts.len().saturating_sub(ROWS),
        waiting: accounts.into_iter().take(ROWS).map(waiting).collect(),
        notices: (status.notices.into_iter().take(ROWS))
            .map(|notice| Notice::new(&visitor, notice))
            .collect(),
        failures: failures.map(|it| RequestRow::new(&visitor, it)).collect(),
        plot,
        replicas: (replicas.into_iter())
            .map(|it| replica(&visitor, it))
            .collect(),
        version: status.version,
        store: status.store,
    })
}

fn replica(visitor: &Visitor, replica: ReplicaView) -> Replica {
    let this = if replica.this { " (this one)" } else { "" };
    Replica {
        name: format!("{}{this}", replica.name),
        state: words::replica(replica.live),
        version: replica.version,
        since: moment(visitor, replica.started_at),
        usable: replica.usable,
        renews: replica.renews,
    }
}

const fn needs_person(account: &AccountView) -> bool {
    match account.state {
        AccountState::NeedsConsent | AccountState::Refused | AccountState::Failing => true,
        AccountState::Ready | AccountState::Pending | AccountState::Inactive => {
            account.sign_in_in_doubt.is_some()
        }
    }
}

fn waiting(account: AccountView) -> Waiting {
    Waiting {
        badge: words::account_state(account.state),
        message: (account.message.or(account.sign_in_in_doubt)).unwrap_or_default(),
        name: account.name.to_string(),
        carrier: format!("{} {}", account.carrier, account.environment.as_str()),
    }
}

//! The first page: what needs a person, and how the gateway does.

use super::{
    accounts::{Row as AccountRow, row as account_row},
    page::{Frame, PageResult, Section, moment, page, with_script},
    requests::{Row as RequestRow, live_of_overview, newest, plot},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use askama::Template;
use gateway_api::{NoticeView, ReplicaView, RequestQuery};
use gateway_control::AccountSummary;

/// The rows of each list of this page; the page of the subject has all.
const ROWS: usize = 8;
const NOTICES: u32 = 8;

#[derive(Template)]
#[template(path = "ui/overview.html")]
struct OverviewPage {
    frame: Frame,
    total: usize,
    usable: usize,
    waiting: Vec<Waiting>,
    more_waiting: usize,
    /// The accounts whose token ends first.
    next: Vec<AccountRow>,
    open_notices: u64,
    notices: Vec<Notice>,
    failures: Vec<RequestRow>,
    most_failures: usize,
    /// Where the page hears of news.
    live: String,
    plot: String,
    replicas: Vec<Replica>,
    version: String,
    store: &'static str,
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
    let control = &visitor.control;
    let accounts = control.accounts_in_brief(ROWS).await?;
    let (notices, open_notices) = control.urgent_notices(NOTICES).await?;
    let all = RequestQuery {
        limit: Some(1000),
        ..RequestQuery::default()
    };
    let requests = control.requests(all).await;
    let plot = plot(&requests, visitor.now);
    let replicas = if control.is_in_fleet() {
        control.replicas().await?
    } else {
        Vec::new()
    };
    let live = live_of_overview(newest(&requests).unwrap_or(visitor.now));
    let failures = requests.into_iter().filter(|it| it.failure.is_some());
    let failures = failures.take(ROWS);
    let page = page(&OverviewPage {
        frame: Frame::new(&visitor, Section::Overview, "Overview"),
        total: accounts.total,
        usable: accounts.usable,
        more_waiting: accounts.waiting.saturating_sub(accounts.first.len()),
        waiting: accounts.first.into_iter().map(waiting).collect(),
        next: (accounts.next.into_iter())
            .map(|it| account_row(&visitor, it))
            .collect(),
        open_notices,
        notices: (notices.into_iter())
            .map(|notice| Notice::new(&visitor, notice))
            .collect(),
        failures: failures.map(|it| RequestRow::new(&visitor, it)).collect(),
        most_failures: ROWS,
        live,
        plot,
        replicas: (replicas.into_iter())
            .map(|it| replica(&visitor, it))
            .collect(),
        version: control.version(),
        store: control.store_kind(),
    });
    page.map(with_script)
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

fn waiting(account: AccountSummary) -> Waiting {
    Waiting {
        badge: words::account_state(account.state),
        message: account.message.unwrap_or_default(),
        name: account.name.to_string(),
        carrier: format!("{} {}", account.carrier, account.environment.as_str()),
    }
}

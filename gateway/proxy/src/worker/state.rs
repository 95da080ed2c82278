//! What one worker owns.

use super::{
    connection_table::ConnectionTable,
    failure_log::FailureLog,
    history::{History, Kept, Now, Served},
    http_date::DateText,
    load::{HandedOver, Loads},
    log_limit::LogLimit,
    request_id::RequestIds,
};
use crate::{
    credential_source::CredentialSource,
    directory::{app_token::AppTokens, publish::DirectoryCell, rate::Epoch, view::DirectoryView},
    metrics::WorkerMetrics,
    request_report::{RequestFilter, RequestReport},
    series::Series,
    settings::Settings,
    ticks::Ticks,
    upstream::UpstreamPools,
};
use gateway_model::{AcceptOutage, Clock};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// What a worker is made from; crosses into its thread.
pub(crate) struct WorkerParts {
    pub(crate) number: usize,
    pub(crate) settings: Arc<Settings>,
    pub(crate) directory: Arc<DirectoryCell>,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
    pub(crate) series: Option<Arc<Series>>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) accept_outage: Arc<AcceptOutage>,
    pub(crate) mailboxes: Arc<[mpsc::Sender<HandedOver>]>,
    pub(crate) epoch: Epoch,
    pub(crate) random: [u8; 32],
}

/// A worker's state. Never leaves its thread.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
    /// What is counted by route, app and operation, unless that is switched off.
    pub(crate) series: Option<Arc<Series>>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) accept_outage: Arc<AcceptOutage>,
    pub(crate) mailboxes: Arc<[mpsc::Sender<HandedOver>]>,
    pub(crate) epoch: Epoch,
    pub(crate) ticks: Rc<Ticks>,
    pub(crate) ids: RefCell<RequestIds>,
    pub(crate) app_tokens: AppTokens,
    pub(crate) connections: ConnectionTable,
    pub(crate) upstreams: UpstreamPools,
    /// Lines about token requests whose credentials prove no app.
    pub(crate) failed_logins: LogLimit,
    /// Lines about connections of load balancers that name no client.
    pub(crate) nameless_connections: LogLimit,
    /// Lines about failed requests.
    pub(crate) failures: FailureLog,
    /// The last requests.
    pub(crate) history: History,
    date: DateText,
    now: Cell<Instant>,
    /// Its own, so that counting a reference touches no cache line of another worker.
    settings: RefCell<Rc<Settings>>,
    cell: Arc<DirectoryCell>,
    directory: RefCell<Rc<DirectoryView>>,
}

impl Worker {
    pub(crate) fn new(parts: WorkerParts) -> Rc<Self> {
        let ticks = Rc::default();
        let directory = DirectoryView::new(parts.directory.load(), parts.number);
        let settings = Rc::new(Settings::clone(&parts.settings));
        Rc::new(Self {
            number: parts.number,
            ids: RefCell::new(RequestIds::new(parts.random)),
            app_tokens: AppTokens::new(&parts.settings.token_key),
            connections: ConnectionTable::default(),
            upstreams: UpstreamPools::new(&settings, &ticks),
            failed_logins: LogLimit::default(),
            nameless_connections: LogLimit::default(),
            failures: FailureLog::default(),
            history: History::default(),
            date: DateText::default(),
            now: Cell::new(parts.clock.now()),
            directory: RefCell::new(Rc::new(directory)),
            settings: RefCell::new(settings),
            credentials: parts.credentials,
            clock: parts.clock,
            metrics: parts.metrics,
            series: parts.series,
            loads: parts.loads,
            accept_outage: parts.accept_outage,
            mailboxes: parts.mailboxes,
            epoch: parts.epoch,
            cell: parts.directory,
            ticks,
        })
    }

    /// Now, to within a tick: good for expiries and back-offs, not for latencies.
    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }

    /// Shows the present as the `Date` of a response, to within a tick.
    pub(crate) fn http_date<T>(&self, show: impl FnOnce(&[u8]) -> T) -> T {
        (self.date).with(self.ticks.now(), || self.clock.wall(), show)
    }

    /// The time since a moment that all workers share, to within a tick.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now().saturating_duration_since(self.epoch.0)
    }

    /// The settings as they are now. What takes several of them asks once.
    pub(crate) fn settings(&self) -> Rc<Settings> {
        Rc::clone(&self.settings.borrow())
    }

    /// Works with other settings from now on. Connections stay.
    pub(crate) fn reconfigure(&self, settings: Settings) {
        let settings = Rc::new(settings);
        self.upstreams.reconfigure(&settings);
        // Each view holds the pool of its origin, which may be another one now.
        self.directory.borrow().forget_routes();
        // Dropped after the borrow has ended.
        let _old = self.settings.replace(settings);
    }

    /// The directory as it is now. A request asks once, and ends with what it began with.
    pub(crate) fn directory(&self) -> Rc<DirectoryView> {
        let directory = self.directory.borrow();
        // The common case: one relaxed load, and no write that another worker would see.
        if directory.version == self.cell.version() {
            return Rc::clone(&directory);
        }
        drop(directory);
        self.take_over()
    }

    /// Copies a directory that was changed.
    #[cold]
    fn take_over(&self) -> Rc<DirectoryView> {
        let new = Rc::new(DirectoryView::new(self.cell.load(), self.number));
        // Dropped after the borrow has ended: its drop frees views, which may be large.
        let old = self.directory.replace(Rc::clone(&new));
        self.history.settle(&old.index, self.both_clocks());
        new
    }

    /// The present on both clocks.
    pub(crate) fn both_clocks(&self) -> Now {
        Now {
            instant: self.clock.now(),
            wall: self.clock.wall(),
        }
    }

    /// Remembers a request that succeeded, and began with this directory.
    pub(crate) fn remember(&self, directory: &Rc<DirectoryView>, request: Served) {
        // The places of a request that began before a change mean nothing in the present directory.
        if Rc::ptr_eq(&self.directory.borrow(), directory) {
            self.history.serve(request);
        } else {
            let report = request.report(&directory.index, self.both_clocks());
            self.history.keep(Kept::Earlier, report);
        }
    }

    /// The wanted requests among the last ones, of each kind the newest first.
    pub(crate) fn recent_requests(&self, filter: &RequestFilter) -> Vec<RequestReport> {
        let directory = Rc::clone(&self.directory.borrow());
        (self.history).find(filter, &directory.index, self.both_clocks())
    }

    pub(crate) fn tick(&self) {
        // Read once for everything to which a tick's accuracy is enough.
        self.now.set(self.clock.now());
        self.ticks.advance();
        let settings = self.settings();
        self.connections.sweep(&settings.limits, &self.metrics);
        self.failures.tell(self.now());
        // Once a second: closing idle connections is not urgent.
        if self.ticks.now().is_multiple_of(10) {
            // Also on a worker without requests: a removed account must not stay in memory.
            let directory = self.directory();
            self.upstreams
                .expire(|origin| directory.index.has_origin(origin));
        }
    }
}

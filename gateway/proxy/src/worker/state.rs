//! What one worker owns.

use super::{
    accept_outage::AcceptOutage,
    connection_table::ConnectionTable,
    load::{HandedOver, Loads},
    log_limit::LogLimit,
    request_id::RequestIds,
};
use crate::{
    credential_source::CredentialSource,
    directory::{app_token::AppTokens, publish::DirectoryCell, rate::Epoch, view::DirectoryView},
    metrics::WorkerMetrics,
    settings::Settings,
    ticks::Ticks,
    upstream::UpstreamPools,
};
use gateway_model::Clock;
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
    pub(crate) loads: Arc<Loads>,
    pub(crate) accept_outage: Arc<AcceptOutage>,
    pub(crate) mailboxes: Arc<[mpsc::Sender<HandedOver>]>,
    pub(crate) epoch: Epoch,
    pub(crate) random: [u8; 32],
}

/// A worker's state. Never leaves its thread.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) settings: Arc<Settings>,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
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
    now: Cell<Instant>,
    cell: Arc<DirectoryCell>,
    directory: RefCell<Rc<DirectoryView>>,
}

impl Worker {
    pub(crate) fn new(parts: WorkerParts) -> Rc<Self> {
        let ticks = Rc::default();
        let directory = DirectoryView::new(parts.directory.load(), parts.number);
        Rc::new(Self {
            number: parts.number,
            ids: RefCell::new(RequestIds::new(parts.random)),
            app_tokens: AppTokens::new(&parts.settings.token_key),
            connections: ConnectionTable::default(),
            upstreams: UpstreamPools::new(&parts.settings, &ticks),
            failed_logins: LogLimit::default(),
            nameless_connections: LogLimit::default(),
            now: Cell::new(parts.clock.now()),
            directory: RefCell::new(Rc::new(directory)),
            settings: parts.settings,
            credentials: parts.credentials,
            clock: parts.clock,
            metrics: parts.metrics,
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

    /// The time since a moment that all workers share, to within a tick.
    pub(crate) fn elapsed(&self) -> Duration {
        self.now().saturating_duration_since(self.epoch.0)
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
        let _old = self.directory.replace(Rc::clone(&new));
        new
    }

    pub(crate) fn tick(&self) {
        // Read once for everything to which a tick's accuracy is enough.
        self.now.set(self.clock.now());
        self.ticks.advance();
        self.connections.sweep(&self.settings.limits, &self.metrics);
        // Once a second: closing idle connections is not urgent.
        if self.ticks.now().is_multiple_of(10) {
            // Also on a worker without requests: a removed account must not stay in memory.
            let directory = self.directory();
            self.upstreams
                .expire(|origin| directory.index.has_origin(origin));
        }
    }
}

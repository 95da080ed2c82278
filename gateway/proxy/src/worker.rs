//! One worker: a thread, a runtime, and everything a request needs, shared with no other thread.

use crate::{
    app_token::AppTokens,
    connections::Connections,
    credentials::Credentials,
    directory_view::DirectoryView,
    index::Map,
    listener::{self, Loads},
    live::DirectoryCell,
    metrics::WorkerMetrics,
    rate::Epoch,
    request_id::RequestIds,
    server::{Command, DrainReport},
    settings::Settings,
    ticks::{TICK, Ticks},
    upstream::Upstream,
};
use gateway_model::{Clock, Origin};
use std::{
    cell::{Cell, RefCell},
    io,
    net::{TcpListener, TcpStream},
    rc::Rc,
    sync::{Arc, mpsc::Sender as Ready},
    time::Instant,
};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{mpsc, watch},
};

/// A connection on its way to the worker that will serve it.
#[derive(Debug)]
pub(crate) struct HandedOver {
    pub(crate) listener: usize,
    pub(crate) stream: TcpStream,
}

/// What a worker is made from; crosses into its thread.
pub(crate) struct Seed {
    pub(crate) number: usize,
    pub(crate) settings: Arc<Settings>,
    pub(crate) directory: Arc<DirectoryCell>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) epoch: Epoch,
    pub(crate) sockets: Vec<TcpListener>,
    pub(crate) mailboxes: Arc<[mpsc::Sender<HandedOver>]>,
    pub(crate) mailbox: mpsc::Receiver<HandedOver>,
    pub(crate) control: watch::Receiver<Command>,
    pub(crate) random: [u8; 32],
}

/// See the module. Never leaves its thread.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) settings: Arc<Settings>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) mailboxes: Arc<[mpsc::Sender<HandedOver>]>,
    pub(crate) epoch: Epoch,
    pub(crate) ticks: Rc<Ticks>,
    pub(crate) ids: RefCell<RequestIds>,
    pub(crate) app_tokens: AppTokens,
    pub(crate) connections: Connections,
    now: Cell<Instant>,
    cell: Arc<DirectoryCell>,
    directory: RefCell<Rc<DirectoryView>>,
    /// By origin, so that they outlive a change of the directory.
    upstreams: RefCell<Map<Origin, Rc<Upstream>>>,
}

impl Worker {
    fn new(seed: &Seed) -> Rc<Self> {
        Rc::new(Self {
            number: seed.number,
            settings: Arc::clone(&seed.settings),
            credentials: Arc::clone(&seed.credentials),
            clock: Arc::clone(&seed.clock),
            metrics: Arc::clone(&seed.metrics),
            loads: Arc::clone(&seed.loads),
            mailboxes: Arc::clone(&seed.mailboxes),
            epoch: seed.epoch,
            ticks: Rc::default(),
            ids: RefCell::new(RequestIds::new(seed.random)),
            app_tokens: AppTokens::new(&seed.settings.token_key),
            connections: Connections::default(),
            now: Cell::new(seed.clock.now()),
            cell: Arc::clone(&seed.directory),
            directory: RefCell::new(Rc::new(DirectoryView::new(
                seed.directory.load(),
                seed.number,
            ))),
            upstreams: RefCell::default(),
        })
    }

    /// Now, to within a tick: good for expiries and back-offs, not for latencies.
    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }

    /// The directory as it is now. A request asks once, and ends with what it began with.
    pub(crate) fn directory(&self) -> Rc<DirectoryView> {
        let directory = self.directory.borrow();
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
        // The old one is dropped after the borrow has ended.
        let _old = self.directory.replace(Rc::clone(&new));
        new
    }

    /// This worker's connections to an origin.
    pub(crate) fn upstream(&self, origin: &Origin) -> Rc<Upstream> {
        let mut upstreams = self.upstreams.borrow_mut();
        if let Some(upstream) = upstreams.get(origin) {
            return Rc::clone(upstream);
        }
        let upstream = Rc::new(Upstream::new(origin, &self.settings, &self.ticks));
        upstreams.insert(origin.clone(), Rc::clone(&upstream));
        upstream
    }

    fn tick(&self) {
        self.now.set(self.clock.now());
        self.ticks.advance();
        self.connections.sweep(self);
        if self.ticks.now().is_multiple_of(10) {
            // Also where no request comes, what left the directory is let go.
            let directory = self.directory();
            self.upstreams.borrow_mut().retain(|origin, upstream| {
                upstream.expire();
                // A request under way may still use one that no route leads to any more.
                Rc::strong_count(upstream) > 1 || directory.index.has_origin(origin)
            });
        }
    }
}

/// Runs a worker to its end; says by `ready` whether it could start.
pub(crate) fn run(seed: Seed, ready: &Ready<io::Result<()>>) -> DrainReport {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default());
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            // If nobody listens any more, the start failed already.
            let _ = ready.send(Err(error));
            return DrainReport::default();
        }
    };
    runtime.block_on(async move {
        let worker = Worker::new(&seed);
        let listeners = listener::adopt(&worker, seed.sockets);
        let started = listeners.is_ok();
        // As above.
        let _ = ready.send(listeners.map(|_| ()));
        if !started {
            return DrainReport::default();
        }
        let mailbox =
            tokio::task::spawn_local(listener::take_handed_over(Rc::clone(&worker), seed.mailbox));
        let report = live(&worker, seed.control).await;
        mailbox.abort();
        report
    })
}

/// Ticks until told to drain, then until the last connection ended or the grace period did.
async fn live(worker: &Rc<Worker>, mut control: watch::Receiver<Command>) -> DrainReport {
    let mut ticker = tokio::time::interval(TICK);
    ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let grace = loop {
        tokio::select! {
            _ = ticker.tick() => worker.tick(),
            changed = control.changed() => {
                let command = *control.borrow_and_update();
                match command {
                    Command::Drain(grace) => break grace,
                    // Dropping `Running` leaves the workers serving: nobody can tell them to stop.
                    Command::Serve if changed.is_err() => {
                        loop { ticker.tick().await; worker.tick(); }
                    }
                    Command::Serve => {}
                }
            }
        }
    };
    worker.connections.drain();
    let open = worker.connections.open();
    let until = worker.ticks.after(grace);
    while worker.connections.open() > 0 && worker.ticks.now() < until {
        tokio::select! {
            _ = ticker.tick() => worker.tick(),
            () = worker.connections.closed() => {}
        }
    }
    let cut = worker.connections.open();
    worker.connections.cut_all();
    DrainReport {
        finished: open.saturating_sub(cut) as u64,
        cut: cut as u64,
    }
}

//! One worker: a thread, a runtime, and everything a request needs, shared with no other thread.

use crate::{
    app_token::AppTokens,
    connection::Connections,
    credentials::Credentials,
    forward::HeldHead,
    index::Index,
    listener::{self, Loads},
    metrics::WorkerMetrics,
    rate::TokenRates,
    request_id::RequestIds,
    server::{Command, DrainReport},
    settings::Settings,
    ticks::{TICK, Ticks},
    view::{AccountView, RouteView},
};
use gateway_model::Clock;
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

/// Heads whose memory is kept for the next requests.
const STOCK: usize = 64;

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
    pub(crate) index: Arc<Index>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) rates: Arc<TokenRates>,
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
    pub(crate) index: Arc<Index>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<WorkerMetrics>,
    pub(crate) loads: Arc<Loads>,
    pub(crate) mailboxes: Arc<[mpsc::Sender<HandedOver>]>,
    pub(crate) rates: Arc<TokenRates>,
    pub(crate) ticks: Rc<Ticks>,
    pub(crate) ids: RefCell<RequestIds>,
    pub(crate) app_tokens: RefCell<AppTokens>,
    pub(crate) connections: Connections,
    now: Cell<Instant>,
    stock: RefCell<Vec<HeldHead>>,
    views: RefCell<Vec<Option<AccountView>>>,
    routes: RefCell<Vec<Option<Rc<RouteView>>>>,
}

impl Worker {
    fn new(seed: &Seed) -> Rc<Self> {
        Rc::new(Self {
            number: seed.number,
            settings: Arc::clone(&seed.settings),
            index: Arc::clone(&seed.index),
            credentials: Arc::clone(&seed.credentials),
            clock: Arc::clone(&seed.clock),
            metrics: Arc::clone(&seed.metrics),
            loads: Arc::clone(&seed.loads),
            mailboxes: Arc::clone(&seed.mailboxes),
            rates: Arc::clone(&seed.rates),
            ticks: Rc::default(),
            ids: RefCell::new(RequestIds::new(seed.random)),
            app_tokens: RefCell::new(AppTokens::new(&seed.settings.token_key)),
            connections: Connections::default(),
            stock: RefCell::default(),
            now: Cell::new(seed.clock.now()),
            views: RefCell::new(seed.index.accounts.iter().map(|_| None).collect()),
            routes: RefCell::new(seed.index.routes.iter().map(|_| None).collect()),
        })
    }

    /// Now, to within a tick: good for expiries and back-offs, not for latencies.
    pub(crate) fn now(&self) -> Instant {
        self.now.get()
    }

    /// Runs `use_view` on this worker's view of an account.
    pub(crate) fn with_view<T>(
        &self,
        account: usize,
        use_view: impl FnOnce(&mut AccountView) -> T,
    ) -> T {
        let mut views = self.views.borrow_mut();
        let view = views[account].get_or_insert_with(|| {
            let account = &self.index.accounts[account].1;
            AccountView::new(account)
        });
        use_view(view)
    }

    /// This worker's view of a route.
    pub(crate) fn route(&self, route: usize) -> Rc<RouteView> {
        let mut routes = self.routes.borrow_mut();
        let view = routes[route].get_or_insert_with(|| {
            Rc::new(RouteView::new(
                &self.index.routes[route].route,
                &self.settings,
            ))
        });
        Rc::clone(view)
    }

    /// Memory for a head that is kept for a replay.
    pub(crate) fn stock(&self) -> Option<HeldHead> {
        self.stock.borrow_mut().pop()
    }

    /// Takes such memory back.
    pub(crate) fn restock(&self, mut head: HeldHead) {
        let mut stock = self.stock.borrow_mut();
        if stock.len() < STOCK {
            head.clear();
            stock.push(head);
        }
    }

    fn tick(&self) {
        self.now.set(self.clock.now());
        self.ticks.advance();
        self.connections.sweep(self);
        if self.ticks.now().is_multiple_of(10) {
            for route in self.routes.borrow().iter().flatten() {
                route.upstream.expire(self.ticks.now());
            }
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

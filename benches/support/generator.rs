//! Load on one thread: closed loop (each connection sends its next request when it has the answer) or
//! open loop (requests are due at a fixed rate, whether or not answers came).

use crate::{now, wire::Connection};
use anyhow::Result;
use hdrhistogram::Histogram;
use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{task::LocalSet, time};

/// What to do to the server.
#[derive(Clone, Debug)]
pub struct Load {
    /// The server.
    pub addr: SocketAddr,
    /// The request, ready to be written.
    pub request: Vec<u8>,
    /// Connections at a time.
    pub connections: usize,
    /// Requests per second; `None`: closed loop.
    pub rate: Option<u32>,
    /// How long to measure.
    pub duration: Duration,
    /// At most so many requests; `None`: as many as there is time for.
    pub requests: Option<u64>,
    /// Open a connection for each request.
    pub new_connections: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Answers with status 200.
    pub good: u64,
    /// Everything else: other statuses, broken connections. A run with any does not count.
    pub bad: u64,
    /// From when the request was due (open loop) or sent (closed loop) to its last byte, microseconds.
    /// In an open loop a late request counts its waiting, so nothing is omitted.
    pub latency_us: Histogram<u64>,
    /// What it really took.
    pub elapsed: Duration,
}

impl Outcome {
    /// Good answers per second.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn rate(&self) -> f64 {
        self.good as f64 / self.elapsed.as_secs_f64()
    }
}

struct Shared {
    load: Load,
    start: Instant,
    next: Cell<u64>,
    good: Cell<u64>,
    bad: Cell<u64>,
    latency_us: RefCell<Histogram<u64>>,
}

/// Runs the load on the calling thread to its end.
///
/// # Errors
/// When no connection can be made.
pub fn run(load: Load) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, drive(load))
}

/// Idle keep-alive connections; they close when this is dropped.
#[derive(Debug)]
#[must_use = "the connections close when this is dropped"]
pub struct Held {
    _connections: Vec<Connection>,
    _runtime: tokio::runtime::Runtime,
}

/// Opens connections, asks once on each, and keeps them.
///
/// # Errors
/// When one cannot be opened or is not answered with 200.
pub fn hold(addr: SocketAddr, request: &[u8], count: usize) -> Result<Held> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let connections = runtime.block_on(async {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let mut connection = Connection::open(addr).await?;
            let status = connection.exchange(request).await?;
            anyhow::ensure!(status == 200, "an answer {status}");
            connections.push(connection);
        }
        anyhow::Ok(connections)
    })?;
    Ok(Held {
        _connections: connections,
        _runtime: runtime,
    })
}

async fn drive(load: Load) -> Result<Outcome> {
    let mut opened = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        opened.push(Connection::open(load.addr).await?);
    }
    let shared = Rc::new(Shared {
        load,
        start: now(),
        next: Cell::new(0),
        good: Cell::new(0),
        bad: Cell::new(0),
        latency_us: RefCell::new(Histogram::new_with_bounds(1, 60_000_000, 3)?),
    });
    let tasks: Vec<_> = opened
        .into_iter()
        .map(|c| tokio::task::spawn_local(client(Rc::clone(&shared), c)))
        .collect();
    for task in tasks {
        task.await?;
    }
    let elapsed = now() - shared.start;
    let latency_us = shared.latency_us.borrow().clone();
    Ok(Outcome {
        good: shared.good.get(),
        bad: shared.bad.get(),
        latency_us,
        elapsed,
    })
}

/// One connection's share of the load.
async fn client(shared: Rc<Shared>, mut connection: Connection) {
    let end = shared.start + shared.load.duration;
    loop {
        let slot = shared.take_slot();
        if shared.load.requests.is_some_and(|most| slot >= most) {
            return;
        }
        let due = match shared.load.rate {
            None => now(),
            Some(rate) => {
                let due = shared.due(slot, rate);
                time::sleep_until(due.into()).await;
                due
            }
        };
        if due >= end {
            return;
        }
        if shared.load.new_connections {
            match Connection::open(shared.load.addr).await {
                Ok(fresh) => connection = fresh,
                Err(_) => return shared.bad.set(shared.bad.get() + 1),
            }
        }
        match connection.exchange(&shared.load.request).await {
            Ok(200) => shared.record(due),
            Ok(_) => shared.bad.set(shared.bad.get() + 1),
            Err(_) => return shared.bad.set(shared.bad.get() + 1),
        }
    }
}

impl Shared {
    /// The next request's number; whichever connection is free takes it.
    fn take_slot(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    fn due(&self, slot: u64, rate: u32) -> Instant {
        self.start + Duration::from_nanos(slot.saturating_mul(1_000_000_000) / u64::from(rate))
    }

    fn record(&self, due: Instant) {
        self.good.set(self.good.get() + 1);
        let micros = u64::try_from((now() - due).as_micros()).unwrap_or(u64::MAX);
        self.latency_us
            .borrow_mut()
            .saturating_record(micros.max(1));
    }
}

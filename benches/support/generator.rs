//! Load on one thread: closed loop (each connection sends its next request when it has the answer) or
//! open loop (requests are due at a fixed rate, whether or not answers came).

use crate::{
    ask::Ask,
    client::{Client, Prepared, Target},
    now,
    wire::Reply,
};
use anyhow::{Result, bail, ensure};
use hdrhistogram::Histogram;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{task::LocalSet, time};

/// Kinds of bad answers that are told apart.
const KINDS: usize = 8;

/// More than the runtime's timers are late.
const TIMER: Duration = Duration::from_millis(2);

/// What to do to the server.
#[derive(Clone, Debug)]
pub struct Load {
    /// The server.
    pub target: Target,
    /// The requests, taken in turn.
    pub asks: Vec<Ask>,
    /// Requests at a time: connections, or places on them.
    pub connections: usize,
    /// Places on one connection of HTTP/2; with HTTP/1.1 there is one.
    pub streams: usize,
    /// Requests per second; `None`: closed loop.
    pub rate: Option<u32>,
    /// How long to measure.
    pub duration: Duration,
    /// The most requests to send; `None`: as many as there is time for.
    pub requests: Option<u64>,
    /// Open a connection for each request.
    pub new_connections: bool,
    /// At a rate: wait for the last two milliseconds without sleeping, because the runtime's timers are
    /// up to a millisecond late and that would count as latency. Needs a processor of its own.
    pub spin: bool,
    /// Ends the load early.
    pub stop: Arc<AtomicBool>,
}

impl Load {
    /// A closed loop of one request.
    #[must_use]
    pub fn closed(target: Target, ask: Ask, connections: usize, duration: Duration) -> Self {
        Self {
            target,
            asks: vec![ask],
            connections,
            streams: 16,
            rate: None,
            duration,
            requests: None,
            new_connections: false,
            spin: false,
            stop: Arc::default(),
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct LoadOutcome {
    /// Answers with status 200, as long as they should be.
    pub good: u64,
    /// Everything else: other statuses, other lengths, broken connections. A run with any does not count.
    pub bad: BadResponses,
    /// From when the request was due (open loop) or sent (closed loop) to its last byte, microseconds.
    /// In an open loop a late request counts its waiting, so nothing is omitted.
    pub latency_us: Histogram<u64>,
    /// Latencies by the second in which a request was due, so that a stall can be told from slowness.
    pub seconds_us: Vec<Histogram<u32>>,
    /// What it really took.
    pub elapsed: Duration,
}

impl LoadOutcome {
    /// Good answers per second.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn rate(&self) -> f64 {
        self.good as f64 / self.elapsed.as_secs_f64()
    }

    /// This percentile of the median second, microseconds: a stall moves one second, slowness all.
    #[must_use]
    pub fn typical_second(&self, quantile: f64) -> u64 {
        let seconds = self.seconds_us.iter();
        let mut each: Vec<u64> = seconds
            .filter(|second| !second.is_empty())
            .map(|second| second.value_at_quantile(quantile))
            .collect();
        each.sort_unstable();
        each.get(each.len() / 2).copied().unwrap_or_default()
    }

    /// Whether the run counts.
    ///
    /// # Errors
    /// When an answer was bad, saying which, or when there was none.
    pub fn all_good(&self) -> Result<()> {
        if self.bad.count > 0 {
            bail!(
                "{} beside {} good answers: the run does not count",
                self.bad,
                self.good
            );
        }
        ensure!(self.good > 0, "no answer at all");
        Ok(())
    }
}

/// BadResponses answers by what was bad.
#[derive(Clone, Debug, Default)]
pub struct BadResponses {
    /// How many.
    pub count: u64,
    kinds: BTreeMap<String, (u64, String)>,
}

impl BadResponses {
    /// Counts an answer; the first of a kind is quoted.
    fn add(&mut self, kind: String, said: String) {
        self.count += 1;
        if self.kinds.len() < KINDS || self.kinds.contains_key(&kind) {
            self.kinds.entry(kind).or_insert((0, said)).0 += 1;
        }
    }

    /// How many had this status.
    #[must_use]
    pub fn with_status(&self, status: u16) -> u64 {
        let kind = self.kinds.get(&format!("status {status}"));
        kind.map_or(0, |(count, _)| *count)
    }
}

impl fmt::Display for BadResponses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bad answers (", self.count)?;
        for (at, (kind, (count, said))) in self.kinds.iter().enumerate() {
            let comma = if at > 0 { "; " } else { "" };
            write!(f, "{comma}{count} x {kind}")?;
            if !said.is_empty() {
                write!(f, ", such as {said:?}")?;
            }
        }
        f.write_str(")")
    }
}

/// What the connections of one load have in common.
struct LoadContext {
    load: Load,
    prepared: Vec<Prepared>,
    start: Instant,
    next: Cell<u64>,
    good: Cell<u64>,
    bad: RefCell<BadResponses>,
    latency_us: RefCell<Histogram<u64>>,
    seconds_us: RefCell<Vec<Histogram<u32>>>,
    empty_second: Histogram<u32>,
}

/// Runs the load on the calling thread to its end.
///
/// # Errors
/// When no connection can be made.
pub fn run(load: Load) -> Result<LoadOutcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, drive(load))
}

/// Idle keep-alive connections; they close when this is dropped.
#[derive(Debug)]
#[must_use = "the connections close when this is dropped"]
pub struct IdleConnections {
    _connections: Vec<Client>,
    _tasks: LocalSet,
    _runtime: tokio::runtime::Runtime,
}

/// Opens connections, asks once on each, and keeps them.
///
/// # Errors
/// When one cannot be opened or is not answered with 200.
pub fn hold(target: &Target, ask: &Ask, count: usize) -> Result<IdleConnections> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = LocalSet::new();
    let connections = tasks.block_on(&runtime, async {
        let prepared = Prepared::new(ask, target)?;
        let mut connections = Vec::with_capacity(count);
        for at in 0..count {
            // One after another: opening thousands at once would overflow the listener's backlog.
            let mut client = Client::open(target).await?;
            let reply = client.exchange(&prepared).await?;
            ensure!(reply.status == 200, "idle connection {at}: {reply:?}");
            connections.push(client);
        }
        anyhow::Ok(connections)
    })?;
    Ok(IdleConnections {
        _connections: connections,
        _tasks: tasks,
        _runtime: runtime,
    })
}

async fn drive(load: Load) -> Result<LoadOutcome> {
    ensure!(!load.asks.is_empty(), "a load has a request");
    let opened = open(&load).await?;
    let prepared: Result<Vec<_>> = load
        .asks
        .iter()
        .map(|ask| Prepared::new(ask, &load.target))
        .collect();
    let context = Rc::new(LoadContext {
        load,
        prepared: prepared?,
        start: now(),
        next: Cell::new(0),
        good: Cell::new(0),
        bad: RefCell::default(),
        latency_us: RefCell::new(Histogram::new_with_bounds(1, 60_000_000, 3)?),
        seconds_us: RefCell::default(),
        empty_second: Histogram::new_with_bounds(1, 60_000_000, 2)?,
    });
    let tasks: Vec<_> = opened
        .into_iter()
        .map(|c| tokio::task::spawn_local(client(Rc::clone(&context), c)))
        .collect();
    for task in tasks {
        task.await?;
    }
    let elapsed = now() - context.start;
    let latency_us = context.latency_us.borrow().clone();
    let bad = context.bad.borrow().clone();
    Ok(LoadOutcome {
        good: context.good.get(),
        bad,
        latency_us,
        seconds_us: context.seconds_us.take(),
        elapsed,
    })
}

/// As many clients as there are requests at a time, with as few connections as they need.
async fn open(load: &Load) -> Result<Vec<Client>> {
    let mut opened: Vec<Client> = Vec::with_capacity(load.connections);
    while opened.len() < load.connections {
        let first = Client::open(&load.target).await?;
        let room = load.connections - opened.len();
        let streams = load.streams.max(1).min(room);
        let others: Vec<_> = (1..streams).map_while(|_| first.another()).collect();
        opened.push(first);
        opened.extend(others);
    }
    Ok(opened)
}

/// Waits until a request is due.
async fn wait_until(due: Instant, spin: bool) {
    if !spin {
        return time::sleep_until(due.into()).await;
    }
    // The runtime's timer is a millisecond coarse; the remainder is waited for by looking at the clock.
    if let Some(early) = due.checked_sub(TIMER) {
        time::sleep_until(early.into()).await;
    }
    while now() < due {
        // Other connections have their turn, and their answers are read.
        tokio::task::yield_now().await;
    }
}

/// One connection's share of the load.
async fn client(context: Rc<LoadContext>, mut connection: Client) {
    let load = &context.load;
    let end = context.start + load.duration;
    loop {
        let slot = context.take_slot();
        // The slot is taken before the check, so that connections never exceed the count together.
        if load.requests.is_some_and(|most| slot >= most) {
            return;
        }
        let due = match load.rate {
            None => now(),
            Some(rate) => {
                let due = context.due(slot, rate);
                wait_until(due, load.spin).await;
                due
            }
        };
        if due >= end || load.stop.load(Ordering::Relaxed) {
            return;
        }
        if load.new_connections {
            match Client::open(&load.target).await {
                Ok(fresh) => connection = fresh,
                Err(error) => {
                    context.failed(&error);
                    continue;
                }
            }
        }
        match connection.exchange(context.request(slot)).await {
            Ok(reply) => context.record(slot, due, reply),
            Err(error) => {
                context.failed(&error);
                match Client::open(&load.target).await {
                    Ok(fresh) => connection = fresh,
                    // The server is gone: counting the same error again and again says nothing new.
                    Err(_) => return,
                }
            }
        }
    }
}

impl LoadContext {
    /// The next request's number; whichever connection is free takes it.
    fn take_slot(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    fn due(&self, slot: u64, rate: u32) -> Instant {
        self.start + Duration::from_nanos(slot.saturating_mul(1_000_000_000) / u64::from(rate))
    }

    /// Which of the requests has its turn.
    fn turn(&self, slot: u64) -> usize {
        usize::try_from(slot % self.prepared.len() as u64).unwrap_or_default()
    }

    fn request(&self, slot: u64) -> &Prepared {
        &self.prepared[self.turn(slot)]
    }

    fn record(&self, slot: u64, due: Instant, reply: Reply) {
        if reply.status != 200 {
            let kind = format!("status {}", reply.status);
            let said = reply.said.unwrap_or_default();
            return self.bad.borrow_mut().add(kind, said);
        }
        let right = self.load.asks[self.turn(slot)].answer();
        if right.is_some_and(|right| right != reply.length) {
            let kind = "an answer of another length".to_owned();
            return self
                .bad
                .borrow_mut()
                .add(kind, format!("{} bytes", reply.length));
        }
        self.good.set(self.good.get() + 1);
        // From when the request was due, not from when it was sent: a stall of the server delays the
        // requests behind it, and that waiting counts (coordinated omission).
        let micros = u64::try_from((now() - due).as_micros()).unwrap_or(u64::MAX);
        self.latency_us
            .borrow_mut()
            .saturating_record(micros.max(1));
        let second = usize::try_from((due - self.start).as_secs()).unwrap_or(usize::MAX);
        let mut seconds = self.seconds_us.borrow_mut();
        while seconds.len() <= second {
            seconds.push(self.empty_second.clone());
        }
        seconds[second].saturating_record(micros.max(1));
    }

    fn failed(&self, error: &anyhow::Error) {
        self.bad
            .borrow_mut()
            .add(format!("{error:#}"), String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers one connection; the first answer takes this long.
    fn stalling(length: usize, stall: Duration) -> std::net::SocketAddr {
        use std::io::{Read as _, Write as _};
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; length];
            let mut stall = Some(stall);
            while stream.read_exact(&mut request).is_ok() {
                stall.take().into_iter().for_each(std::thread::sleep);
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(answer).unwrap();
            }
        });
        addr
    }

    #[test]
    fn request_that_was_due_during_a_stall_counts_its_waiting() {
        for spin in [false, true] {
            let ask = Ask::shop();
            let addr = stalling(ask.http1().len(), Duration::from_millis(300));
            let duration = Duration::from_millis(500);
            let outcome = run(Load {
                rate: Some(100),
                spin,
                ..Load::closed(Target::plain(addr), ask, 1, duration)
            })
            .unwrap();
            // One was sent during the stall; thirty were due.
            assert_eq!(outcome.good, 50, "{outcome:?}");
            let late = outcome.latency_us.count_between(50_000, u64::MAX);
            assert!(late >= 25, "{late} of {outcome:?}");
        }
    }

    #[test]
    fn stall_of_one_second_does_not_make_the_others_slow() {
        let ask = Ask::shop();
        let addr = stalling(ask.http1().len(), Duration::from_millis(900));
        let duration = Duration::from_secs(3);
        let outcome = run(Load {
            rate: Some(50),
            ..Load::closed(Target::plain(addr), ask, 1, duration)
        })
        .unwrap();
        let whole = outcome.latency_us.value_at_quantile(0.99);
        assert_eq!(outcome.seconds_us.len(), 3, "{outcome:?}");
        assert!(outcome.typical_second(0.99) < whole, "{outcome:?}");
    }

    #[test]
    fn answer_of_another_length_is_bad() {
        let ask = Ask::shop().answered_with(1);
        let addr = stalling(ask.http1().len(), Duration::ZERO);
        let load = Load {
            requests: Some(3),
            ..Load::closed(Target::plain(addr), ask, 1, Duration::from_secs(5))
        };
        let outcome = run(load).unwrap();
        assert_eq!((outcome.good, outcome.bad.count), (0, 3), "{outcome:?}");
        let error = outcome.all_good().unwrap_err().to_string();
        assert!(error.contains("3 x an answer of another length"), "{error}");
    }

    #[test]
    fn bad_answers_are_told_apart_and_quoted_once() {
        let mut bad = BadResponses::default();
        for said in ["first", "second"] {
            bad.add("status 503".to_owned(), said.to_owned());
        }
        bad.add("reset".to_owned(), String::new());
        assert_eq!((bad.count, bad.with_status(503)), (3, 2));
        let text = "3 bad answers (1 x reset; 2 x status 503, such as \"first\")";
        assert_eq!(bad.to_string(), text);
    }

    #[test]
    fn bad_answers_of_too_many_kinds_are_counted_still() {
        let mut bad = BadResponses::default();
        for kind in 0..100 {
            bad.add(kind.to_string(), String::new());
        }
        assert_eq!((bad.count, bad.kinds.len()), (100, KINDS));
    }
}

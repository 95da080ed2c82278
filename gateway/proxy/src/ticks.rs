//! Coarse time of one worker: a tick every 100 ms, and deadlines that cost no timer.
//!
//! A deadline is a slot in a table that the ticker scans. Arming one costs a table entry and a waker
//! clone, and only when something is really waited for; a timer would cost its heap entry and a clock
//! reading for every request. Deadlines are late by at most two ticks.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Length of a tick.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// The worker's ticks and the deadlines armed on them.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    now: Cell<u64>,
    armed: RefCell<Slots<(u64, Waker)>>,
}

impl Ticks {
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// The first tick by which `span` has certainly passed.
    pub(crate) fn after(&self, span: Duration) -> u64 {
        let ticks = span.as_millis().div_ceil(TICK.as_millis());
        self.now
            .get()
            .saturating_add(u64::try_from(ticks).unwrap_or(u64::MAX))
            // The current tick is partly over already, so one more must pass.
            .saturating_add(1)
    }

    /// One tick passed: wakes everything that is due.
    pub(crate) fn advance(&self) {
        self.now.set(self.now.get() + 1);
        let now = self.now.get();
        self.armed.borrow().each(|(due, waker)| {
            if *due <= now {
                waker.wake_by_ref();
            }
        });
    }
}

/// One deadline that can be armed again and again.
#[derive(Debug)]
pub(crate) struct Alarm {
    ticks: Rc<Ticks>,
    slot: Option<usize>,
    due: u64,
}

impl Alarm {
    pub(crate) fn new(ticks: &Rc<Ticks>) -> Self {
        Self {
            ticks: Rc::clone(ticks),
            slot: None,
            due: 0,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.ticks.now()
    }

    /// Called while waiting: arms the alarm at the first call, and is ready once `span` has passed
    /// since then.
    pub(crate) fn poll(&mut self, cx: &Context<'_>, span: Duration) -> Poll<()> {
        let Some(slot) = self.slot else {
            self.due = self.ticks.after(span);
            let entry = (self.due, cx.waker().clone());
            self.slot = Some(self.ticks.armed.borrow_mut().insert(entry));
            return Poll::Pending;
        };
        if self.due <= self.ticks.now() {
            return Poll::Ready(());
        }
        if let Some((_, waker)) = self.ticks.armed.borrow_mut().at(slot) {
            // The future may have moved to another task since the alarm was armed.
            waker.clone_from(cx.waker());
        }
        Poll::Pending
    }

    /// What was waited for came.
    pub(crate) fn disarm(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.ticks.armed.borrow_mut().remove(slot);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Waits for `future`, but not longer than `span`.
pub(crate) fn timeout<F: Future>(
    ticks: &Rc<Ticks>,
    span: Duration,
    future: F,
) -> impl Future<Output = Result<F::Output, Elapsed>> {
    let mut alarm = Alarm::new(ticks);
    async move {
        let mut future = std::pin::pin!(future);
        std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            // The future first: a result that is there counts even in the tick of the deadline.
            Poll::Pending => alarm.poll(cx, span).map(|()| Err(Elapsed)),
        })
        .await
    }
}

/// A table with stable places.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    entries: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slots<T> {
    pub(crate) fn insert(&mut self, entry: T) -> usize {
        if let Some(at) = self.free.pop() {
            self.entries[at] = Some(entry);
            at
        } else {
            self.entries.push(Some(entry));
            self.entries.len() - 1
        }
    }

    pub(crate) fn each_mut(&mut self, mut visit: impl FnMut(&mut T)) {
        self.entries.iter_mut().flatten().for_each(&mut visit);
    }

    pub(crate) fn remove(&mut self, at: usize) {
        if let Some(entry) = self.entries.get_mut(at)
            && entry.take().is_some()
        {
            // Reused, so that the table is never larger than its fullest moment.
            self.free.push(at);
        }
    }

    pub(crate) fn at(&mut self, at: usize) -> Option<&mut T> {
        self.entries.get_mut(at).and_then(Option::as_mut)
    }

    pub(crate) fn each(&self, mut visit: impl FnMut(&T)) {
        self.entries.iter().flatten().for_each(&mut visit);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}

/// Polls a pinned future once, without waiting.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(future).poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

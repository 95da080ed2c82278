//! The gateway's side: hands out entries, writes requests, takes answers.

pub(super) mod hostile;

use super::{
    answer::{self, Answer},
    futex,
    memory::{ENTRIES, Entry, Mapping, RESPONSE},
    state::{self, Phase, State},
    watcher::Watcher,
    words::{WordWriter, copy_out, wipe},
};
use crate::{
    Signing,
    health::Health,
    plugin_log,
    sign_call::{conclude, not_sent, unix_ms},
    worker::{
        codec::{Put, write_request},
        ending::WorkerEnding,
        process::Process,
    },
};
use futures_util::task::AtomicWaker;
use gateway_model::{
    Clock, Failure, FailureClass, PendingSignature, PendingSignatures, SecretBytes, SignRequest,
    SignatureFields, SignatureTicket,
};
use std::{
    array, hint,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicU32, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
        },
    },
    task::{Context, Poll},
    time::{Duration, SystemTime},
};
use zeroize::Zeroize as _;

/// How often a request looks for its answer before its task sleeps. Between two looks its thread serves other
/// tasks, so no request waits for another one's signature.
const LOOKS: u32 = 24;
/// Pauses in one look: about half a microsecond.
const PAUSES: u32 = 12;
/// Bytes of an answer that is read on the stack.
const SHORT: usize = 1024;

/// Signatures under way in one worker process.
pub(crate) struct Ring {
    shared: Mapping,
    desks: [Desk; ENTRIES],
    /// Entries without a request.
    free: AtomicU64,
    /// Entries whose request nobody waits for, but that the worker process may still write to.
    abandoned: AtomicU64,
    /// Entries whose tasks sleep.
    pub(super) parked: AtomicU64,
    answers: AtomicU32,
    pub(super) watcher: Watcher,
    process: OnceLock<Arc<Process>>,
    ending: OnceLock<WorkerEnding>,
    signer: Signer,
}

/// Whose signatures they are.
pub(crate) struct Signer {
    pub(crate) health: Arc<Health>,
    pub(crate) version: String,
    /// How long a request waits.
    pub(crate) deadline: Duration,
}

/// The gateway's own part of an entry, which the other process cannot write.
pub(super) struct Desk {
    sequence: AtomicU32,
    request_len: AtomicU32,
    /// All answers of the worker process when the request came.
    answers: AtomicU32,
    /// How long the task sleeps, in the watcher's ticks.
    pub(super) ticks: AtomicU32,
    pub(super) task: AtomicWaker,
}

impl Ring {
    pub(crate) fn new(shared: Mapping, signer: Signer) -> Self {
        Self {
            shared,
            desks: array::from_fn(|_| Desk {
                sequence: AtomicU32::new(0),
                request_len: AtomicU32::new(0),
                answers: AtomicU32::new(0),
                ticks: AtomicU32::new(0),
                task: AtomicWaker::new(),
            }),
            free: AtomicU64::new(u64::MAX),
            abandoned: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            answers: AtomicU32::new(0),
            watcher: Watcher::new(signer.deadline),
            process: OnceLock::new(),
            ending: OnceLock::new(),
            signer,
        }
    }

    /// Begins to watch. The thread ends with the worker process.
    pub(crate) fn start(
        self: &Arc<Self>,
        process: Arc<Process>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<()> {
        let _ = self.process.set(process);
        self.watcher.start(Arc::clone(self), clock)
    }

    /// The worker process has ended, or is about to.
    pub(crate) fn close(&self, ending: WorkerEnding) {
        let _ = self.ending.set(ending);
        for desk in &self.desks {
            desk.task.wake();
        }
        self.watcher.wake();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.ending.get().is_some()
    }

    /// Gives a request to the worker process. None if the request is too long, if too many are under way, or if
    /// the worker process has ended.
    pub(crate) fn submit(
        self: &Arc<Self>,
        instance: u64,
        wall: SystemTime,
        request: &SignRequest<'_>,
        wanted: &Signing,
    ) -> Option<PendingSignature> {
        if self.is_closed() {
            return None;
        }
        let at = self.claim()?;
        let (entry, desk) = (self.entry(at), self.desk(at));
        let mut writer = WordWriter::new(&entry.request);
        write_request(&mut writer, request, wanted);
        let Some(length) = writer.finish() else {
            // What was written holds secrets.
            wipe(&entry.request, usize::MAX);
            self.free.fetch_or(1 << at, Release);
            return None;
        };
        let sequence = state::next(desk.sequence.load(Relaxed));
        desk.sequence.store(sequence, Relaxed);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        desk.request_len.store(length, Relaxed);
        desk.answers.store(self.answers.load(Relaxed), Relaxed);
        desk.ticks.store(0, Relaxed);
        entry.request_len.store(length, Relaxed);
        entry.instance.store(instance, Relaxed);
        entry.unix_ms.store(unix_ms(wall), Relaxed);
        let ready = State::new(sequence, Phase::Ready);
        entry.state.store(ready.word(), Release);
        self.shared.ready.0.fetch_or(1 << at, SeqCst);
        // After the entry is ready: whoever falls asleep now has looked before, and is seen here.
        if self.shared.sleeping.0.swap(0, SeqCst) == 1 {
            futex::wake(&self.shared.sleeping.0);
        }
        let ticket = SignatureTicket {
            entry: at,
            sequence,
            polls: 0,
        };
        let signer: Arc<dyn PendingSignatures> = Arc::clone(self) as _;
        Some(PendingSignature::ticket(signer, ticket))
    }

    fn claim(&self) -> Option<u32> {
        if self.abandoned.load(Relaxed) != 0 {
            self.reclaim();
        }
        // The lowest first: memory that nobody needs is never touched.
        let lowest = |free: u64| (free != 0).then_some(free & free.wrapping_sub(1));
        let before = self.free.fetch_update(Acquire, Relaxed, lowest).ok()?;
        Some(before.trailing_zeros())
    }

    /// Frees the abandoned entries that the worker process has done with.
    fn reclaim(&self) {
        for at in bits(self.abandoned.load(Acquire)) {
            let done = State::new(self.desk(at).sequence.load(Relaxed), Phase::Done);
            if self.entry(at).state.load(Acquire) == done.word()
                // Another thread may free it at the same time.
                && self.abandoned.fetch_and(!(1 << at), AcqRel) & 1 << at != 0
            {
                self.release(at, RESPONSE);
            }
        }
    }

    /// Nobody needs the entry any more. What stands in it holds secrets.
    fn release(&self, at: u32, response: usize) {
        let (entry, desk) = (self.entry(at), self.desk(at));
        let request = usize::try_from(desk.request_len.load(Relaxed)).unwrap_or(usize::MAX);
        wipe(&entry.request, request);
        wipe(&entry.response, response);
        self.free.fetch_or(1 << at, Release);
    }

    /// What became of a request, if that is known.
    fn look(&self, ticket: &SignatureTicket) -> Option<Result<SignatureFields, Failure>> {
        let ready = State::new(ticket.sequence, Phase::Ready);
        let state = State::from_word(self.entry(ticket.entry).state.load(Acquire));
        if state == ready.with(Phase::Done) {
            return Some(self.take(ticket.entry));
        }
        if let Some(ending) = self.ending.get() {
            return Some(Err(self.failure(ending)));
        }
        if state != ready && state != ready.with(Phase::Parked) {
            let how = "an entry of the shared memory whose state is not that of its request";
            return Some(Err(self.break_off(WorkerEnding::Protocol(how.into()))));
        }
        let ticks = self.desk(ticket.entry).ticks.load(Relaxed);
        (ticks >= Watcher::LIMIT).then(|| Err(self.overdue(ticket)))
    }

    /// Copies an answer out and reads it.
    fn take(&self, at: u32) -> Result<SignatureFields, Failure> {
        let entry = self.entry(at);
        // Once: the next look may find another length.
        let said = entry.response_len.load(Relaxed);
        let length = usize::try_from(said).unwrap_or(usize::MAX);
        if length > RESPONSE {
            let how = format!("an answer of {said} bytes, at most {RESPONSE} are allowed");
            return Err(self.break_off(WorkerEnding::Protocol(how)));
        }
        let mut short = [0; SHORT];
        let answer = if let Some(copy) = short.get_mut(..length) {
            copy_out(&entry.response, copy);
            let answer = self.read(copy);
            copy.zeroize();
            answer
        } else {
            let mut copy = vec![0; length];
            copy_out(&entry.response, &mut copy);
            self.read(SecretBytes::new(copy).expose())
        };
        let answer = answer?;
        self.answers.fetch_add(1, Relaxed);
        self.release(at, length);
        match answer {
            Answer::Signed(status, draft) => conclude(&self.signer.health, status, draft),
            Answer::Gone(why) => Err(late(&why)),
            Answer::Fatal => Err(self.break_off(WorkerEnding::Fatal)),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Answer, Failure> {
        let log = |level, text: &str| plugin_log::write(self.signer.health.name(), level, text);
        let answer = answer::read(bytes, log);
        answer.map_err(|error| self.break_off(WorkerEnding::Protocol(error.to_string())))
    }

    /// Ends the worker process.
    #[cold]
    fn break_off(&self, why: WorkerEnding) -> Failure {
        let failure = self.failure(&why);
        if let Some(process) = self.process.get() {
            process.kill(why.clone());
        }
        self.close(why);
        failure
    }

    fn failure(&self, ending: &WorkerEnding) -> Failure {
        ending.failure(self.signer.health.name(), &self.signer.version)
    }

    /// The time of a request is over.
    #[cold]
    fn overdue(&self, ticket: &SignatureTicket) -> Failure {
        let limit = self.signer.deadline;
        let before = self.desk(ticket.entry).answers.load(Relaxed);
        // The worker process signs one request after another, so this one's signer hangs, or another's does.
        if self.answers.load(Relaxed) == before {
            return self.break_off(WorkerEnding::Hung(limit));
        }
        self.leave(ticket);
        late(&format!(
            "no signature came within {} ms",
            limit.as_millis()
        ))
    }

    /// Nobody waits for this request any more.
    fn leave(&self, ticket: &SignatureTicket) {
        let (at, bit) = (ticket.entry, 1 << ticket.entry);
        self.parked.fetch_and(!bit, SeqCst);
        let done = State::new(ticket.sequence, Phase::Done);
        let never_taken = || self.shared.ready.0.fetch_and(!bit, SeqCst) & bit != 0;
        if self.entry(at).state.load(Acquire) == done.word() {
            self.release(at, RESPONSE);
        } else if never_taken() {
            self.release(at, 0);
        } else {
            self.abandoned.fetch_or(bit, Release);
        }
    }

    /// Lets the task sleep until the answer comes.
    fn park(&self, ticket: &SignatureTicket) {
        let ready = State::new(ticket.sequence, Phase::Ready);
        let parked = ready.with(Phase::Parked);
        self.parked.fetch_or(1 << ticket.entry, SeqCst);
        let state = &self.entry(ticket.entry).state;
        // From now on the worker process rings. If it was faster, the look that follows finds the answer.
        let _ = state.compare_exchange(ready.word(), parked.word(), AcqRel, Relaxed);
        self.watcher.watch();
    }

    pub(super) fn is_answered(&self, at: u32) -> bool {
        let state = State::from_word(self.entry(at).state.load(Acquire));
        !matches!(state.phase(), Some(Phase::Ready | Phase::Parked))
    }

    pub(super) fn bell(&self) -> &AtomicU32 {
        &self.shared.bell.0
    }

    fn entry(&self, at: u32) -> &Entry {
        // `claim` gives out nothing else.
        &self.shared.entries[at as usize % ENTRIES]
    }

    pub(super) fn desk(&self, at: u32) -> &Desk {
        &self.desks[at as usize % ENTRIES]
    }
}

impl PendingSignatures for Ring {
    fn poll(
        &self,
        ticket: &mut SignatureTicket,
        cx: &mut Context<'_>,
    ) -> Poll<Result<SignatureFields, Failure>> {
        if ticket.polls < LOOKS {
            ticket.polls += 1;
            for _ in 0..PAUSES {
                if let Some(settled) = self.look(ticket) {
                    return Poll::Ready(settled.map_err(not_sent));
                }
                hint::spin_loop();
            }
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let desk = self.desk(ticket.entry);
        // Before the look: an answer that comes after it finds whom to wake.
        desk.task.register(cx.waker());
        if ticket.polls == LOOKS {
            ticket.polls += 1;
            self.park(ticket);
        }
        let Some(settled) = self.look(ticket) else {
            return Poll::Pending;
        };
        self.parked.fetch_and(!(1 << ticket.entry), SeqCst);
        drop(desk.task.take());
        Poll::Ready(settled.map_err(not_sent))
    }

    fn abandon(&self, ticket: SignatureTicket) {
        self.leave(&ticket);
    }
}

impl Put for WordWriter<'_> {
    fn put(&mut self, bytes: &[u8]) {
        WordWriter::put(self, bytes);
    }
}

/// The positions of the bits that are set.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(at)
    })
}

/// A passing failure: the next request may be signed.
pub(in crate::worker) fn late(message: &str) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, "signature_late", message);
    failure.retry_after = Some(Duration::from_secs(1));
    failure
}

#[cfg(test)]
mod tests;

//! A request that waits for its answer: it looks, it sleeps, it takes the answer or gives up.

use super::{Ring, late};
use crate::{
    plugin_log,
    sign_call::{conclude, not_sent},
    worker::{
        ending::WorkerEnding,
        ring::{
            answer::{self, Answer},
            memory::RESPONSE,
            state::{Phase, State},
            watcher::Watcher,
            words::copy_out,
        },
    },
};
use gateway_model::{Failure, PendingSignatures, SecretBytes, SignatureFields, SignatureTicket};
use std::{
    hint,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    task::{Context, Poll},
};
use zeroize::Zeroize as _;

/// How often a request looks for its answer before its task sleeps. Between two looks its thread serves other
/// tasks, so no request waits for another one's signature.
pub(super) const LOOKS: u32 = 24;
/// Pauses in one look: about half a microsecond.
const PAUSES: u32 = 12;
/// Bytes of an answer that is read on the stack.
const SHORT: usize = 1024;

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

impl Ring {
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
            self.release(at, self.answer_len(at));
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
}

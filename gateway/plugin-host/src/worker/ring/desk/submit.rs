//! Requests on their way to the worker process: free entries, and what is written into them.

use super::{Ring, bits};
use crate::{
    Signing,
    sign_call::unix_ms,
    worker::{
        codec::{Put, write_request},
        ring::{
            futex,
            memory::{REQUEST, RESPONSE},
            state::{self, Phase, State},
            words::{WordWriter, wipe},
        },
    },
};
use gateway_model::{PendingSignature, PendingSignatures, SignRequest, SignatureTicket};
use std::{
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    },
    time::SystemTime,
};

impl Ring {
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
            wipe(&entry.request, REQUEST);
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
                self.release(at, self.answer_len(at));
            }
        }
    }

    /// Bytes of an answer that nobody reads.
    pub(super) fn answer_len(&self, at: u32) -> usize {
        let said = self.entry(at).response_len.load(Relaxed);
        usize::try_from(said).unwrap_or(usize::MAX).min(RESPONSE)
    }

    /// Nobody needs the entry any more. What stands in it holds secrets.
    pub(super) fn release(&self, at: u32, response: usize) {
        let (entry, desk) = (self.entry(at), self.desk(at));
        let request = usize::try_from(desk.request_len.load(Relaxed)).unwrap_or(usize::MAX);
        wipe(&entry.request, request);
        wipe(&entry.response, response);
        self.free.fetch_or(1 << at, Release);
    }
}

impl Put for WordWriter<'_> {
    fn put(&mut self, bytes: &[u8]) {
        WordWriter::put(self, bytes);
    }
}

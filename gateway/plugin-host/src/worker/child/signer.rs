//! The worker's thread for signatures: takes requests from the shared memory and answers them there.

use super::{confine, objects::Objects};
use crate::{
    OsRandom,
    context::{Journal, Services},
    sign_call,
    worker::{
        codec::{Response, read_request},
        ring::{
            self, Entry, LOG_BYTES, Mapping, Phase, REQUEST, Shared, State, WordWriter, copy_out,
        },
    },
};
use std::{
    cell::RefCell,
    io,
    sync::{
        Arc, Barrier,
        atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst},
    },
    thread,
    time::{Duration, UNIX_EPOCH},
};

/// As much as a thread of the gateway has for a plugin's code.
const STACK: usize = 2 << 20;

/// Starts the thread. It has started when this returns.
pub(super) fn start(memory: Mapping, objects: Arc<Objects>) -> io::Result<()> {
    confine::share_one_heap();
    let started = Arc::new(Barrier::new(2));
    let runs = Arc::clone(&started);
    let signer = thread::Builder::new().name("signer".into());
    signer.stack_size(STACK).spawn(move || {
        runs.wait();
        serve(&memory, &objects)
    })?;
    // A thread that starts makes system calls that the filter refuses.
    started.wait();
    Ok(())
}

/// Serves until the process ends.
fn serve(shared: &Shared, objects: &Objects) -> ! {
    let mut request = Vec::new();
    let mut frames = Vec::new();
    let mut last = 0;
    loop {
        last = take(shared, last);
        let entry = &shared.entries[last as usize];
        copy_request(entry, &mut request);
        frames.clear();
        frames = answer(entry, objects, &request, frames);
        publish(shared, entry, &frames);
    }
}

/// Waits for an entry with a request. Begins after the last one, so that each gets its turn.
fn take(shared: &Shared, last: u32) -> u32 {
    let (ready, sleeping) = (&shared.ready.0, &shared.sleeping.0);
    loop {
        let found = ready.load(SeqCst);
        if found == 0 {
            sleeping.store(1, SeqCst);
            // After the store: a request that comes from now on wakes this thread.
            if ready.load(SeqCst) == 0 {
                ring::sleep(sleeping, 1, None);
            }
            sleeping.store(0, SeqCst);
            continue;
        }
        let begin = (last + 1) % u64::BITS;
        let at = (found.rotate_right(begin).trailing_zeros() + begin) % u64::BITS;
        // The gateway takes a request back that nobody waits for.
        if ready.fetch_and(!(1 << at), SeqCst) & 1 << at != 0 {
            return at;
        }
    }
}

fn copy_request(entry: &Entry, into: &mut Vec<u8>) {
    let length = entry.request_len.load(Relaxed) as usize;
    into.clear();
    into.resize(length.min(REQUEST), 0);
    copy_out(&entry.request, into);
}

/// The frames of the answer: messages of the plugin, and what it signed.
fn answer(entry: &Entry, objects: &Objects, request: &[u8], frames: Vec<u8>) -> Vec<u8> {
    // Held during the call: an instance is freed after the last of its signatures.
    let held = objects.held();
    let signer = held.signer(entry.instance.load(Relaxed));
    let gone = |why: &str| Response::Refused(why.to_owned());
    let Some((table, instance)) = signer else {
        return gone("the signer was taken out of use").encode_after(frames);
    };
    let (Some(function), Ok(args)) = (table.sign, read_request(request)) else {
        return gone("the worker process cannot read the request").encode_after(frames);
    };
    let unix_ms = entry.unix_ms.load(Relaxed);
    let wall = || {
        let since = Duration::from_millis(unix_ms);
        UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
    };
    let journal = EntryJournal(RefCell::new(frames));
    let services = Services::new(&journal, &wall, &OsRandom);
    let (status, draft) = services.enter(|| {
        // SAFETY: one of this table's instances, not freed yet; the fields came with the arguments.
        unsafe { sign_call::call_with(function, instance, &args, unix_ms) }
    });
    let frames = journal.0.into_inner();
    Response::Signed { status, draft }.encode_after(frames)
}

fn publish(shared: &Shared, entry: &Entry, frames: &[u8]) {
    let mut writer = WordWriter::new(&entry.response);
    writer.put(frames);
    // The bounds of messages and signatures leave room; without one, the gateway finds an empty answer.
    let length = writer
        .finish()
        .and_then(|length| u32::try_from(length).ok());
    entry
        .response_len
        .store(length.unwrap_or_default(), Relaxed);
    let before = State::from_word(entry.state.load(Acquire));
    let done = before.with(Phase::Done);
    let before = State::from_word(entry.state.swap(done.word(), AcqRel));
    if before.phase() == Some(Phase::Parked) {
        shared.bell.0.fetch_add(1, SeqCst);
        ring::wake(&shared.bell.0);
    }
}

/// Keeps a plugin's messages for the answer.
struct EntryJournal(RefCell<Vec<u8>>);

impl EntryJournal {
    fn append(&self, message: &Response) {
        let frames = self.0.take();
        self.0.replace(message.encode_after(frames));
    }
}

impl Journal for EntryJournal {
    fn plugin(&self) -> &'static str {
        // The gateway knows which one this process has.
        "plugin"
    }

    fn write(&self, level: u32, text: &str) {
        let left = LOG_BYTES.saturating_sub(self.0.borrow().len());
        // What does not fit is left out: the signature needs the room.
        if text.len() < left {
            let text = text.to_owned();
            self.append(&Response::Log { level, text });
        }
    }

    fn fatal(&self) {
        self.append(&Response::Fatal);
    }
}

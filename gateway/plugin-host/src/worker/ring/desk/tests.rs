use super::{
    Ring,
    hostile::{look, ring, submit},
};
use crate::{
    sign_call::SignatureDraft,
    worker::{
        codec::Response,
        ending::{WORKER_ENDED, WorkerEnding},
        ring::{
            Phase, State, WordWriter,
            memory::{ENTRIES, RESPONSE},
            watcher::Watcher,
        },
    },
};
use gateway_model::{Clock, Failure, FailureClass, PendingSignature, SignatureFields};
use plugins_abi::Status;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

struct Standing(Instant);

impl Clock for Standing {
    fn now(&self) -> Instant {
        self.0
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

fn clock() -> Arc<Standing> {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    let now = Instant::now();
    Arc::new(Standing(now))
}

fn made() -> Arc<Ring> {
    ring(clock()).expect("memory")
}

fn sent(ring: &Arc<Ring>) -> PendingSignature {
    submit(ring, b"secret-state").expect("a free entry")
}

/// As the worker process takes an entry.
fn take(ring: &Ring, at: u32) {
    ring.shared.ready.0.fetch_and(!(1 << at), SeqCst);
}

/// As the worker process answers.
fn answer(ring: &Ring, at: u32, frames: &[u8]) {
    let entry = ring.entry(at);
    let mut writer = WordWriter::new(&entry.response);
    writer.put(frames);
    let length = writer.finish().expect("room");
    entry.response_len.store(length as u32, Relaxed);
    let state = State::from_word(entry.state.load(SeqCst));
    entry.state.store(state.with(Phase::Done).word(), SeqCst);
}

fn signed() -> Vec<u8> {
    let mut draft = SignatureDraft::default();
    draft.set(b"x-signature", b"of the request").expect("valid");
    let status = Status::OK;
    Response::Signed { status, draft }.encode_after(Vec::new())
}

fn settled(pending: &mut PendingSignature) -> Result<SignatureFields, Failure> {
    look(pending).expect("an answer or a failure")
}

/// The worker process is ended, and the failure says why.
fn is_ended(ring: &Ring, result: Result<SignatureFields, Failure>, why: &str) {
    let failure = result.expect_err(why);
    assert_eq!(failure.code, WORKER_ENDED);
    assert_eq!(failure.class, FailureClass::Transient);
    assert!(failure.message.contains(why), "{failure}");
    assert!(failure.certainly_not_sent && ring.is_closed());
}

#[test]
fn answer_is_taken_once_and_leaves_nothing_behind() {
    let ring = made();
    let mut pending = sent(&ring);
    assert!(look(&mut pending).is_none());
    take(&ring, 0);
    answer(&ring, 0, &signed());
    let fields = settled(&mut pending).expect("signed");
    assert_eq!(fields[0].0, "x-signature");
    assert!(fields[0].1.is_sensitive());
    let entry = ring.entry(0);
    let words = entry.request.iter().chain(&entry.response);
    assert!(
        words.into_iter().all(|word| word.load(Relaxed) == 0),
        "the state, which is secret, is still there"
    );
    assert_eq!(ring.free.load(SeqCst), u64::MAX);
    drop(pending);
    // A ticket that was settled does not touch the next request in its entry.
    let mut next = sent(&ring);
    answer(&ring, 0, &signed());
    settled(&mut next).expect("signed");
}

#[test]
fn lengths_and_counts_beyond_the_bounds_end_the_worker() {
    let lying = |length: u32| {
        let ring = made();
        let mut pending = sent(&ring);
        answer(&ring, 0, &signed());
        ring.entry(0).response_len.store(length, Relaxed);
        let result = settled(&mut pending);
        (ring, result)
    };
    for length in [RESPONSE as u32 + 1, u32::MAX] {
        let (ring, result) = lying(length);
        is_ended(&ring, result, &format!("an answer of {length} bytes"));
    }
    for (length, why) in [
        (0, "ends too early"),
        (7, "ends too early"),
        (200, "goes on after its end"),
    ] {
        let (ring, result) = lying(length);
        is_ended(&ring, result, why);
    }
    // A status and 2^32 - 1 fields.
    for (frames, why) in [
        (
            [&[9, 0, 0, 0, 8, 0, 0, 0, 0][..], &[0xff; 4]].concat(),
            "more than 16 fields",
        ),
        ([0xff; 64].to_vec(), "ends too early"),
        (
            Response::Freed.encode_after(Vec::new()),
            "an answer to another call",
        ),
    ] {
        let ring = made();
        let mut pending = sent(&ring);
        answer(&ring, 0, &frames);
        is_ended(&ring, settled(&mut pending), why);
    }
}

#[test]
fn state_of_another_request_ends_the_worker() {
    let ring = made();
    let first = State::from_word({
        let _pending = sent(&ring);
        ring.entry(0).state.load(SeqCst)
    });
    for word in [
        // The answer to the request that was in the entry before.
        first.with(Phase::Done).word(),
        first.word(),
        0,
        u32::MAX,
    ] {
        let ring = made();
        drop(sent(&ring));
        let mut pending = sent(&ring);
        ring.entry(0).state.store(word, SeqCst);
        is_ended(&ring, settled(&mut pending), "not that of its request");
    }
}

#[test]
fn memory_that_changes_all_the_time_gives_an_answer_or_a_failure() {
    let stop = AtomicBool::new(false);
    let rings: Vec<_> = (0..200).map(|_| made()).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            let good = signed();
            for turn in 0_u32.. {
                if stop.load(Relaxed) {
                    break;
                }
                for ring in &rings {
                    let entry = ring.entry(0);
                    answer(ring, 0, &good);
                    entry.response_len.store(turn.wrapping_mul(977), Relaxed);
                    entry.response[turn as usize % 16].store(u64::from(turn), Relaxed);
                    entry.state.fetch_xor(turn % 5, Relaxed);
                    ring.shared.ready.0.store(turn.into(), Relaxed);
                }
            }
        });
        for ring in &rings {
            let mut pending = sent(ring);
            if let Some(Ok(fields)) = look(&mut pending) {
                assert!(fields.len() <= 1);
            }
        }
        stop.store(true, Relaxed);
    });
}

#[test]
fn end_of_the_worker_process_fails_what_is_under_way() {
    let ring = made();
    let (mut first, mut answered) = (sent(&ring), sent(&ring));
    assert!(look(&mut first).is_none());
    answer(&ring, 1, &signed());
    ring.close(WorkerEnding::Exited(3));
    is_ended(&ring, settled(&mut first), "exit code 3");
    // It was made before the end.
    settled(&mut answered).expect("signed");
    assert!(submit(&ring, b"").is_none(), "nobody would sign it");
}

#[test]
fn entry_is_free_again_when_the_worker_process_is_done_with_it() {
    let ring = made();
    let kept: Vec<_> = (0..ENTRIES).map(|_| sent(&ring)).collect();
    assert!(submit(&ring, b"").is_none(), "no entry is free");
    take(&ring, 5);
    drop(kept);
    // All but the one that the worker process has taken, which may still write there.
    assert_eq!(ring.free.load(SeqCst), !(1 << 5));
    answer(&ring, 5, &signed());
    let mut next = sent(&ring);
    answer(&ring, 0, &signed());
    settled(&mut next).expect("signed");
    assert_eq!(ring.free.load(SeqCst), u64::MAX);
}

#[test]
fn request_that_does_not_fit_is_left_to_the_channel() {
    let ring = made();
    assert!(submit(&ring, &[7; 60 << 10]).is_none());
    assert_eq!(ring.free.load(SeqCst), u64::MAX);
    let written = ring.entry(0).request.iter();
    assert!(written.into_iter().all(|word| word.load(Relaxed) == 0));
}

#[test]
fn signer_without_any_answer_hangs_and_a_slow_one_does_not() {
    let ring = made();
    let mut stuck = sent(&ring);
    assert!(look(&mut stuck).is_none());
    ring.desk(0).ticks.store(Watcher::LIMIT, Relaxed);
    is_ended(&ring, settled(&mut stuck), "did not return within 100 ms");

    let ring = made();
    let (mut first, mut slow) = (sent(&ring), sent(&ring));
    answer(&ring, 0, &signed());
    settled(&mut first).expect("signed");
    ring.desk(1).ticks.store(Watcher::LIMIT, Relaxed);
    let failure = settled(&mut slow).expect_err("late");
    assert_eq!(failure.code, "signature_late");
    assert!(failure.certainly_not_sent && !ring.is_closed());
}

#[test]
fn time_of_a_sleeping_task_is_counted_without_the_clock() {
    let ring = made();
    let mut stuck = sent(&ring);
    assert!(look(&mut stuck).is_none());
    let watched = Arc::clone(&ring);
    ring.watcher.start(watched, clock()).expect("a thread");
    for _ in 0..1000 {
        if ring.desk(0).ticks.load(Relaxed) >= Watcher::LIMIT {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    is_ended(&ring, settled(&mut stuck), "did not return within 100 ms");
}

//! A worker process that writes anything into the shared memory, for the fuzz target and the tests.

use super::{Ring, Signer, ticket::LOOKS};
use crate::{
    SignBody, Signing,
    health::{Health, Watch},
    worker::ring::{memory::Mapping, words::WordWriter},
};
use gateway_model::{Clock, Failure, PendingSignature, SignRequest, SignatureFields};
use http::{HeaderMap, Method};
use std::{
    io, iter,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

/// Writes the bytes over an entry of the shared memory in which a request waits, and asks for the signature. The
/// first eight bytes choose entry, length, state and the list of ready entries; the others are the answer. None
/// if the request goes on waiting.
#[doc(hidden)]
pub fn survive(
    bytes: &[u8],
    clock: Arc<dyn Clock>,
) -> io::Result<Option<Result<SignatureFields, Failure>>> {
    let ring = ring(clock)?;
    let Some(mut pending) = submit(&ring, b"state") else {
        return Ok(None);
    };
    let (control, answer) = bytes.split_at(bytes.len().min(8));
    let mut control = control.iter().chain(iter::repeat(&1)).copied();
    let mut next = || control.next().unwrap_or(1);
    let entry = &ring.shared.entries[usize::from(next() == 0)];
    let mut writer = WordWriter::new(&entry.response);
    writer.put(answer);
    let written = writer.finish().unwrap_or_default();
    // Mostly what an honest process writes, because all else is refused at once.
    let length = match next() {
        0 => u32::from_le_bytes([next(), next(), next(), next()]),
        _ => u32::try_from(written).unwrap_or(u32::MAX),
    };
    entry.response_len.store(length, Relaxed);
    let state = match next() {
        0 => u32::from(next()),
        _ => entry.state.load(Relaxed) | 3,
    };
    entry.state.store(state, Relaxed);
    ring.shared.ready.0.store(u64::from(next()), Relaxed);
    Ok(look(&mut pending))
}

/// A ring without a worker process.
pub(super) fn ring(clock: Arc<dyn Clock>) -> io::Result<Arc<Ring>> {
    let (shared, _file) = Mapping::create()?;
    let signer = Signer {
        health: Arc::new(Health::new("hostile", Watch::Deadline, clock)),
        version: "1".to_owned(),
        deadline: Duration::from_millis(100),
    };
    Ok(Arc::new(Ring::new(shared, signer)))
}

/// Gives it a request.
pub(super) fn submit(ring: &Arc<Ring>, state: &[u8]) -> Option<PendingSignature> {
    let wanted = Signing {
        body: SignBody::Bytes,
        headers: Vec::new(),
    };
    let request = SignRequest {
        method: &Method::GET,
        authority: "api.example.com",
        path_and_query: "/",
        headers: &HeaderMap::new(),
        body: &[],
        state,
    };
    ring.submit(1, SystemTime::UNIX_EPOCH, &request, &wanted)
}

/// Asks as often as a task does that nobody wakes.
pub(super) fn look(pending: &mut PendingSignature) -> Option<Result<SignatureFields, Failure>> {
    let mut cx = Context::from_waker(Waker::noop());
    (0..=LOOKS).find_map(|_| match Pin::new(&mut *pending).poll(&mut cx) {
        Poll::Ready(signed) => Some(signed),
        Poll::Pending => None,
    })
}

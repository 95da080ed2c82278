//! The functions of the sink.

use super::{Asked, Done, Emission, Emitted, End, RawField, Recorder};
use crate::{Breach, GrantChange, Limits, TokenFacts, raw};
use bytes::Bytes;
use gateway_model::{Failure, FailureClass, GrantHint, SecretBytes};
use plugins_abi::{self as abi, FailClass, GrantFate, Header};
use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
    time::Duration,
};

/// Characters of a failure's text.
const MAX_TEXT: usize = 512;
/// Bytes of what a carrier said about a token.
const MAX_FACTS: usize = 4096;
/// No carrier means a longer wait than a day.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);

pub(super) unsafe extern "C" fn http(ctx: *mut c_void, request: *const abi::HttpRequest) {
    let copy = |limits: &Limits| {
        // SAFETY: the plugin lends the request for this call.
        unsafe { copy_request(request, limits) }
    };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |limits, emitted| emitted.push(copy(limits))) }
}

pub(super) unsafe extern "C" fn timer(ctx: *mut c_void, id: u64, delay_ms: u64) {
    // SAFETY: `ctx` is what the sink carried.
    unsafe {
        with(ctx, |_, emitted| {
            emitted.push(Ok(Emission::Timer { id, delay_ms }))
        })
    }
}

pub(super) unsafe extern "C" fn cancel(ctx: *mut c_void, id: u64) {
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |_, emitted| emitted.push(Ok(Emission::Cancel { id }))) }
}

pub(super) unsafe extern "C" fn done(ctx: *mut c_void, credential: *const abi::Credential) {
    let copy = |limits: &Limits| {
        // SAFETY: the plugin lends the credential for this call.
        unsafe { copy_credential(credential, limits) }
    };
    // SAFETY: `ctx` is what the sink carried.
    unsafe {
        with(ctx, |limits, emitted| {
            emitted.end(copy(limits).map(End::Done))
        })
    }
}

pub(super) unsafe extern "C" fn failed(ctx: *mut c_void, failure: *const abi::Failure) {
    // SAFETY: the plugin lends the failure for this call.
    let copy = || unsafe { copy_failure(failure) };
    // SAFETY: `ctx` is what the sink carried.
    unsafe { with(ctx, |_, emitted| emitted.end(copy().map(End::Failed))) }
}

/// Finds the recorder; neither its absence nor a panic of ours reaches the plugin.
///
/// # Safety
/// `ctx` is null or came from a sink whose call has not returned.
unsafe fn with(ctx: *mut c_void, act: impl FnOnce(&Limits, &mut Emitted)) {
    // SAFETY: by this function's contract; only shared references are made.
    let Some(recorder) = (unsafe { ctx.cast::<Recorder>().as_ref() }) else {
        return;
    };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let emitted = recorder.emitted.lock();
        act(
            &recorder.limits,
            &mut emitted.unwrap_or_else(PoisonError::into_inner),
        );
    }));
}

/// # Safety
/// The pointer follows the header's rules.
unsafe fn copy_request(
    request: *const abi::HttpRequest,
    limits: &Limits,
) -> Result<Emission, Breach> {
    // SAFETY: by this function's contract.
    let request = unsafe { raw::read(request) }?;
    // SAFETY: as above.
    let method = unsafe { raw::bytes(request.method, 32, "a method") }?;
    // SAFETY: as above.
    let url = unsafe { raw::bytes(request.url, limits.url, "a URL") }?;
    // SAFETY: as above.
    let body = unsafe { raw::bytes(request.body, limits.request, "a request's content") }?;
    // SAFETY: as above.
    let fields = unsafe { copy_fields(request.headers, request.n_headers, limits) }?;
    Ok(Emission::Http(Asked {
        id: request.req_id,
        method: method.to_vec(),
        url: url.to_vec(),
        fields,
        body: Bytes::copy_from_slice(body),
        timeout_ms: request.timeout_ms,
    }))
}

/// # Safety
/// The pointer follows the header's rules.
unsafe fn copy_credential(
    credential: *const abi::Credential,
    limits: &Limits,
) -> Result<Done, Breach> {
    // SAFETY: by this function's contract.
    let credential = unsafe { raw::read(credential) }?;
    // SAFETY: as above.
    let state = unsafe { raw::bytes(credential.state, limits.state, "a state") }?;
    // SAFETY: as above.
    let fields = unsafe { copy_fields(credential.headers, credential.n_headers, limits) }?;
    // SAFETY: as above.
    let facts = unsafe { raw::bytes(credential.facts, MAX_FACTS, "the facts of a token") }?;
    Ok(Done {
        grant: grant_change(credential.grant, credential.grant_ttl_ms),
        facts: token_facts(facts)?,
        fields,
        ttl_ms: credential.ttl_ms,
        refresh_after_ms: credential.refresh_after_ms,
        state: SecretBytes::new(state.to_vec()),
        query: credential.flags & 1 != 0 || credential.n_query != 0,
    })
}

/// # Safety
/// The pointers follow the header's rules.
unsafe fn copy_fields(
    first: *const Header,
    count: usize,
    limits: &Limits,
) -> Result<Vec<RawField>, Breach> {
    // SAFETY: by this function's contract.
    let headers = unsafe { raw::headers(first, count, limits.fields, "header fields") }?;
    let copy = |header: &Header| {
        // SAFETY: by this function's contract.
        let name = unsafe { raw::bytes(header.name, limits.field, "a field's name") }?;
        // SAFETY: as above.
        let value = unsafe { raw::bytes(header.value, limits.field, "a field's value") }?;
        Ok((name.to_vec(), value.to_vec()))
    };
    headers.iter().map(copy).collect()
}

/// # Safety
/// The pointer follows the header's rules.
pub(crate) unsafe fn copy_failure(failure: *const abi::Failure) -> Result<Failure, Breach> {
    // SAFETY: by this function's contract.
    let failure = unsafe { raw::read(failure) }?;
    // SAFETY: as above; a text that is too long is cut below, within what the plugin lends.
    let code = unsafe { raw::bytes(cut(failure.code), MAX_TEXT, "a code") }?;
    // SAFETY: as above.
    let message = unsafe { raw::bytes(cut(failure.message), 4 * MAX_TEXT, "a message") }?;
    let wait = Duration::from_millis(failure.retry_after_ms).min(MAX_RETRY_AFTER);
    let message = crate::text::clean(&String::from_utf8_lossy(message), MAX_TEXT);
    let mut copy = Failure::new(class(failure.fail_class), crate::text::code(code), message);
    copy.retry_after = (!wait.is_zero()).then_some(wait);
    copy.grant = match failure.grant {
        GrantFate::UNHARMED => GrantHint::Unharmed,
        GrantFate::REFUSED => GrantHint::Refused,
        _ => GrantHint::HostDecides,
    };
    Ok(copy)
}

/// An unknown value counts as gone, by the header: a grant is never presented twice by mistake.
fn grant_change(change: u32, ttl_ms: u64) -> GrantChange {
    match change {
        abi::GrantChange::NOT_SINGLE_USE => GrantChange::NotSingleUse,
        abi::GrantChange::REPLACED => {
            let said = ttl_ms != 0 && ttl_ms != u64::MAX;
            GrantChange::Replaced {
                lifetime: said.then(|| Duration::from_millis(ttl_ms)),
            }
        }
        abi::GrantChange::KEPT => GrantChange::Kept,
        _ => GrantChange::Gone,
    }
}

fn token_facts(json: &[u8]) -> Result<TokenFacts, Breach> {
    if json.is_empty() {
        return Ok(TokenFacts::default());
    }
    // An object first: a struct would be read from a list, too.
    let members = serde_json::from_slice::<serde_json::Map<_, _>>(json);
    let members = members.map_err(|_| Breach::Facts)?;
    let facts: Result<TokenFacts, _> = serde_json::from_value(members.into());
    let facts = facts.map_err(|_| Breach::Facts)?;
    facts.checked().map_err(|_| Breach::Facts)
}

/// The beginning of a text that is longer than anyone reads.
fn cut(text: abi::Bytes) -> abi::Bytes {
    abi::Bytes {
        ptr: text.ptr,
        len: text.len.min(MAX_TEXT),
    }
}

/// Unknown classes count as bugs, by the header.
const fn class(class: u32) -> FailureClass {
    match class {
        FailClass::TRANSIENT => FailureClass::Transient,
        FailClass::REJECTED => FailureClass::Rejected,
        FailClass::CONFIG => FailureClass::Config,
        FailClass::PROTOCOL => FailureClass::Protocol,
        FailClass::INTERACTION => FailureClass::Interaction,
        _ => FailureClass::Bug,
    }
}

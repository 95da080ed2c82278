//! Copies what a plugin lends to the sink, within the limits.

use super::{
    emitted::{Emission, EmittedCredential, EmittedRequest, UncheckedField},
    slots,
};
use crate::{GrantChange, Limits, Violation, ffi};
use bytes::Bytes;
use gateway_model::{Failure, FailureClass, GrantHint, SecretBytes, TokenFacts};
use plugins_abi::{self as abi, FailClass, GrantFate, Header};
use std::time::Duration;

/// Characters of a failure's text.
pub(crate) const MAX_TEXT: usize = 512;
/// Bytes of what a carrier said about a token.
pub(crate) const MAX_FACTS: usize = 4096;
/// Bytes of a method.
pub(crate) const MAX_METHOD: usize = 32;
/// The longest wait that a plugin can ask for: no carrier means more than a day.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(86_400);

/// # Safety
/// The pointer follows the header's rules.
pub(super) unsafe fn request(
    request: *const abi::HttpRequest,
    limits: &Limits,
) -> Result<Emission, Violation> {
    // SAFETY: by this function's contract.
    let request = unsafe { ffi::read(request) }?;
    // SAFETY: by this function's contract.
    let method = unsafe { ffi::bytes(request.method, MAX_METHOD, "a method") }?;
    // SAFETY: by this function's contract.
    let url = unsafe { ffi::bytes(request.url, limits.url, "a URL") }?;
    // SAFETY: by this function's contract.
    let body = unsafe { ffi::bytes(request.body, limits.request, "a request's content") }?;
    // SAFETY: by this function's contract.
    let fields = unsafe { fields(request.headers, request.n_headers, limits) }?;
    Ok(Emission::Http(EmittedRequest {
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
pub(super) unsafe fn credential(
    credential: *const abi::Credential,
    limits: &Limits,
) -> Result<EmittedCredential, Violation> {
    // SAFETY: by this function's contract.
    let credential = unsafe { ffi::read(credential) }?;
    // SAFETY: by this function's contract.
    let state = unsafe { ffi::bytes(credential.state, limits.state, "a state") }?;
    // SAFETY: by this function's contract.
    let marked = unsafe { marked_fields(credential.headers, credential.n_headers, limits) }?;
    // SAFETY: by this function's contract.
    let (fields, slots) = unsafe { slots::part(&credential, marked) }?;
    // SAFETY: by this function's contract.
    let facts = unsafe { ffi::bytes(credential.facts, MAX_FACTS, "the facts of a token") }?;
    Ok(EmittedCredential {
        grant: grant_change(credential.grant, credential.grant_ttl_ms),
        facts: token_facts(facts)?,
        fields,
        ttl_ms: credential.ttl_ms,
        refresh_after_ms: credential.refresh_after_ms,
        state: SecretBytes::new(state.to_vec()),
        query: credential.flags & 1 != 0 || credential.n_query != 0,
        slots,
    })
}

/// # Safety
/// The pointers follow the header's rules.
unsafe fn fields(
    first: *const Header,
    count: usize,
    limits: &Limits,
) -> Result<Vec<UncheckedField>, Violation> {
    // SAFETY: by this function's contract.
    let marked = unsafe { marked_fields(first, count, limits) }?;
    Ok(marked.into_iter().map(|(field, _)| field).collect())
}

/// Fields with their flags.
///
/// # Safety
/// The pointers follow the header's rules.
unsafe fn marked_fields(
    first: *const Header,
    count: usize,
    limits: &Limits,
) -> Result<Vec<(UncheckedField, u64)>, Violation> {
    // SAFETY: by this function's contract.
    let headers = unsafe { ffi::array(first, count, limits.fields, "header fields") }?;
    let copy = |header: &Header| {
        // SAFETY: by this function's contract.
        let name = unsafe { ffi::bytes(header.name, limits.field, "a field's name") }?;
        // SAFETY: by this function's contract.
        let value = unsafe { ffi::bytes(header.value, limits.field, "a field's value") }?;
        Ok(((name.to_vec(), value.to_vec()), header.flags))
    };
    headers.iter().map(copy).collect()
}

/// # Safety
/// The pointer follows the header's rules.
pub(crate) unsafe fn failure(failure: *const abi::Failure) -> Result<Failure, Violation> {
    // SAFETY: by this function's contract.
    let failure = unsafe { ffi::read(failure) }?;
    // SAFETY: by this function's contract; a text that is too long is cut below, within what the plugin lends.
    let code = unsafe { ffi::bytes(cut(failure.code), MAX_TEXT, "a code") }?;
    // SAFETY: by this function's contract.
    let message = unsafe { ffi::bytes(cut(failure.message), 4 * MAX_TEXT, "a message") }?;
    let parts = FailureParts {
        class: class(failure.fail_class),
        code,
        message,
        retry_after: Duration::from_millis(failure.retry_after_ms),
        grant: match failure.grant {
            GrantFate::UNHARMED => GrantHint::Unharmed,
            GrantFate::REFUSED => GrantHint::Refused,
            // An unknown value is no word at all, so the host judges.
            _ => GrantHint::HostDecides,
        },
    };
    Ok(parts.clean())
}

/// A failure as the plugin told it.
pub(crate) struct FailureParts<'a> {
    pub(crate) class: FailureClass,
    pub(crate) code: &'a [u8],
    pub(crate) message: &'a [u8],
    pub(crate) retry_after: Duration,
    pub(crate) grant: GrantHint,
}

impl FailureParts<'_> {
    /// The failure, its texts made fit for logs and its wait for a schedule.
    pub(crate) fn clean(self) -> Failure {
        let message = crate::text::clean(&String::from_utf8_lossy(self.message), MAX_TEXT);
        let mut failure = Failure::new(self.class, crate::text::code(self.code), message);
        // Cut, because the wait is the plugin's word and could mean for ever.
        let wait = self.retry_after.min(MAX_RETRY_AFTER);
        failure.retry_after = (!wait.is_zero()).then_some(wait);
        failure.grant = self.grant;
        failure
    }
}

/// The C header says that an unknown value means gone, so that no grant is presented twice by mistake.
fn grant_change(change: u32, ttl_ms: u64) -> GrantChange {
    match change {
        abi::GrantChange::NOT_SINGLE_USE => GrantChange::NotSingleUse,
        abi::GrantChange::REPLACED => {
            // Zero and the largest number both mean that the carrier did not say.
            let said = ttl_ms != 0 && ttl_ms != u64::MAX;
            GrantChange::Replaced {
                lifetime: said.then(|| Duration::from_millis(ttl_ms)),
            }
        }
        abi::GrantChange::KEPT => GrantChange::Kept,
        _ => GrantChange::Gone,
    }
}

/// The facts in a JSON object, if all of them are fit to be kept.
pub(crate) fn token_facts(json: &[u8]) -> Result<TokenFacts, Violation> {
    if json.is_empty() {
        return Ok(TokenFacts::default());
    }
    // An object first: serde would read a struct from a JSON array as well.
    let members = serde_json::from_slice::<serde_json::Map<_, _>>(json);
    let members = members.map_err(|_| Violation::Facts)?;
    let facts: Result<TokenFacts, _> = serde_json::from_value(members.into());
    let facts = facts.map_err(|_| Violation::Facts)?;
    facts.checked().map_err(|_| Violation::Facts)
}

/// The beginning of a text that is longer than anyone reads.
fn cut(text: abi::Bytes) -> abi::Bytes {
    abi::Bytes {
        ptr: text.ptr,
        len: text.len.min(MAX_TEXT),
    }
}

/// The C header says that an unknown class means a bug of the plugin.
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

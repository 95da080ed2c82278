//! From owned values to the gateway's sink.

use super::read::prefix;
use crate::{
    Credential, Error, Slot, SlotFields, credential::saturating_ms, http::Delivery, task::Command,
};
use ::http::{HeaderName, HeaderValue};
use plugins_abi::{
    Bytes, Credential as AbiCredential, CredentialFlags, Failure, Header, HeaderFlags, HttpRequest,
    RequestFlags, Sink, Slot as AbiSlot,
};
use std::ptr;

/// The size of a struct of the ABI, as its first member wants it.
pub(super) const fn size<T>() -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "no struct of the ABI is near 4 GiB"
    )]
    let size = size_of::<T>() as u32;
    size
}

/// A sink that is good for the rest of the call.
pub(super) struct Emitter(Sink);

impl Emitter {
    /// # Safety
    /// `sink` is null or a sink by the contract, and the emitter does not outlive the call.
    pub(super) unsafe fn new(sink: *const Sink) -> Self {
        // SAFETY: passed on from this function's caller.
        Self(unsafe { prefix(sink) })
    }

    /// Emits commands; an error says that the gateway lacks the function for one.
    pub(super) fn commands(&self, commands: Vec<Command>) -> Result<(), Error> {
        commands.into_iter().try_for_each(|command| match command {
            Command::Http { id, request } => self.http(id, &request),
            Command::Timer { id, delay_ms } => self.timer(id, delay_ms),
            Command::Cancel { id } => {
                self.cancel(id);
                Ok(())
            }
        })
    }

    fn http(&self, req_id: u64, request: &oauth2::HttpRequest) -> Result<(), Error> {
        let Some(http) = self.0.http else {
            return Err(Error::bug(
                "host_lacks_http",
                "this gateway makes no requests for plugins",
            ));
        };
        let url = request.uri().to_string();
        let headers: Vec<_> = request.headers().iter().map(field).collect();
        let delivery = request
            .extensions()
            .get::<Delivery>()
            .copied()
            .unwrap_or_default();
        // A token request's content is a secret or next to one, so all are marked.
        let retryable = if delivery.retryable {
            RequestFlags::RETRYABLE
        } else {
            0
        };
        // Zero means "the gateway's default", so the shortest wish is one millisecond.
        let timeout = delivery
            .timeout
            .map_or(0, |timeout| saturating_ms(timeout).max(1));
        let out = HttpRequest {
            struct_size: size::<HttpRequest>(),
            flags: RequestFlags::SECRET_BODY | retryable,
            req_id,
            method: Bytes::new(request.method().as_str().as_bytes()),
            url: Bytes::new(url.as_bytes()),
            headers: headers.as_ptr(),
            n_headers: headers.len(),
            body: Bytes::new(request.body()),
            timeout_ms: u32::try_from(timeout).unwrap_or(u32::MAX),
            reserved: 0,
        };
        // SAFETY: the gateway's function with its own context; what `out` lends outlives the call.
        unsafe { http(self.0.ctx, &raw const out) };
        Ok(())
    }

    fn timer(&self, req_id: u64, delay_ms: u64) -> Result<(), Error> {
        let Some(timer) = self.0.timer else {
            return Err(Error::bug(
                "host_lacks_timer",
                "this gateway has no timers for plugins",
            ));
        };
        // SAFETY: the gateway's function with its own context.
        unsafe { timer(self.0.ctx, req_id, delay_ms) };
        Ok(())
    }

    fn cancel(&self, req_id: u64) {
        if let Some(cancel) = self.0.cancel {
            // SAFETY: the gateway's function with its own context.
            unsafe { cancel(self.0.ctx, req_id) };
        }
    }

    pub(super) fn done(&self, credential: &Credential) {
        let Some(done) = self.0.done else { return };
        let mut headers: Vec<_> = credential
            .headers
            .iter()
            .map(|(n, v)| field((n, v)))
            .collect();
        // Lent by the slots below, so they must live until the call.
        let failures: Vec<_> = (credential.slots.iter())
            .map(|(_, outcome)| outcome.as_ref().err().map(failure))
            .collect();
        let slots: Vec<_> = (credential.slots.iter().zip(&failures))
            .map(|((slot, outcome), failure)| {
                headers.extend(slot_headers(*slot, outcome));
                abi_slot(*slot, outcome, failure.as_ref())
            })
            .collect();
        let parameter = |(name, value): &(String, zeroize::Zeroizing<String>)| Header {
            name: Bytes::new(name.as_bytes()),
            value: Bytes::new(value.as_bytes()),
            flags: HeaderFlags::SENSITIVE,
        };
        let query: Vec<_> = credential.query.iter().map(parameter).collect();
        let (grant, grant_ttl_ms) = credential.grant.to_abi();
        let facts = credential.facts.to_json();
        let out = AbiCredential {
            struct_size: size::<AbiCredential>(),
            flags: if query.is_empty() {
                0
            } else {
                CredentialFlags::APPLY_QUERY
            },
            headers: headers.as_ptr(),
            n_headers: headers.len(),
            ttl_ms: credential.ttl_ms(),
            refresh_after_ms: credential.refresh_after_ms(),
            state: Bytes::new(&credential.state),
            query: if query.is_empty() {
                ptr::null()
            } else {
                query.as_ptr()
            },
            n_query: query.len(),
            grant,
            reserved: 0,
            grant_ttl_ms,
            facts: Bytes::new(&facts),
            slots: if slots.is_empty() {
                ptr::null()
            } else {
                slots.as_ptr()
            },
            n_slots: slots.len(),
        };
        // SAFETY: the gateway's function with its own context; what `out` lends outlives the call.
        unsafe { done(self.0.ctx, &raw const out) };
    }

    pub(super) fn failed(&self, error: &Error) {
        let Some(failed) = self.0.failed else { return };
        let out = failure(error);
        // SAFETY: the gateway's function with its own context; what `out` lends outlives the call.
        unsafe { failed(self.0.ctx, &raw const out) };
    }
}

/// Lends the error's texts.
pub(super) fn failure(error: &Error) -> Failure {
    Failure {
        struct_size: size::<Failure>(),
        fail_class: error.class().to_abi(),
        code: Bytes::new(error.code().as_bytes()),
        message: Bytes::new(error.message().as_bytes()),
        retry_after_ms: error.retry_after().map_or(0, saturating_ms),
        grant: error.grant_to_abi(),
        reserved: 0,
    }
}

/// Lends the fields of a slot, each marked with its place.
fn slot_headers(slot: Slot, outcome: &Result<SlotFields, Error>) -> impl Iterator<Item = Header> {
    let fields = outcome.as_ref().map_or(&[][..], |fields| &fields.headers);
    fields.iter().map(move |(name, value)| {
        let mut header = field((name, value));
        header.flags |= HeaderFlags::slot(slot.place());
        header
    })
}

/// Lends what became of a slot.
fn abi_slot(slot: Slot, outcome: &Result<SlotFields, Error>, failure: Option<&Failure>) -> AbiSlot {
    let lifetime = outcome.as_ref().ok().and_then(|fields| fields.lifetime);
    AbiSlot {
        slot: slot.place(),
        reserved: 0,
        // Zero means "as long as the credential", so the shortest life is one millisecond.
        ttl_ms: lifetime.map_or(0, |lifetime| saturating_ms(lifetime).max(1)),
        failure: failure.map_or(ptr::null(), ptr::from_ref),
    }
}

/// Lends a field's texts.
fn field((name, value): (&HeaderName, &HeaderValue)) -> Header {
    let secret = value.is_sensitive() || name == ::http::header::AUTHORIZATION;
    Header {
        name: Bytes::new(name.as_str().as_bytes()),
        value: Bytes::new(value.as_bytes()),
        flags: if secret { HeaderFlags::SENSITIVE } else { 0 },
    }
}

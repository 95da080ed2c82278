//! Signing one request.

use super::{
    emit::failure,
    guard::guarded_while_serving,
    handles::instance_lent,
    read::{array, prefix},
};
use crate::{CarrierAuth, SignOut, SignRequest, sign::SignatureSink};
use plugins_abi::{Bytes, HeaderFlags, Instance, SignRequest as AbiSignRequest, SignSink, Status};

/// `sign` of the table.
///
/// # Safety
/// As the header file says.
pub(super) unsafe extern "C" fn sign<P: CarrierAuth>(
    instance: *const Instance,
    request: *const AbiSignRequest,
    sink: *const SignSink,
) -> Status {
    if instance.is_null() {
        return Status::UNSUPPORTED;
    }
    // SAFETY: the gateway's structs, by the contract.
    let request = unsafe { prefix(request) };
    // SAFETY: the gateway's structs, by the contract.
    let mut sink = Fields(unsafe { prefix(sink) });
    let result = guarded_while_serving(|| {
        // SAFETY: a live handle of this table's type, by the contract, and alive during the call.
        let plugin = unsafe { instance_lent::<P>(instance) };
        // SAFETY: what the request lends is valid during the call.
        unsafe {
            lend(&request, |request| {
                plugin.sign(&request, &mut SignOut::new(&mut sink))
            })
        }
    });
    let (error, status) = match result {
        Ok(Ok(())) => return Status::OK,
        Ok(Err(error)) => (error, Status::FAILED),
        Err(panic) => (panic, Status::PANIC),
    };
    if let Some(failed) = sink.0.failed {
        let failure = failure(&error);
        // SAFETY: the gateway's function with its own context; what is lent outlives the call.
        unsafe { failed(sink.0.ctx, &raw const failure) };
    }
    status
}

/// # Safety
/// The members are valid as the header file says, during the call.
unsafe fn lend<T>(request: &AbiSignRequest, code: impl FnOnce(SignRequest<'_>) -> T) -> T {
    // SAFETY: the sender's bytes, by the contract.
    let bytes = |bytes: Bytes| unsafe { bytes.as_slice() };
    // SAFETY: the sender's array, by the contract.
    let fields = unsafe { array(request.headers, request.n_headers) };
    let headers: Vec<_> = fields
        .iter()
        .map(|f| (bytes(f.name), bytes(f.value)))
        .collect();
    // SAFETY: the sender's array, by the contract.
    let pieces = unsafe { array(request.body, request.n_body) };
    let body: Vec<_> = pieces.iter().map(|piece| bytes(*piece)).collect();
    // SAFETY: null or 32 bytes, by the contract.
    let body_sha256 = unsafe { request.body_sha256.cast::<[u8; 32]>().as_ref() };
    code(SignRequest {
        method: bytes(request.method),
        authority: bytes(request.authority),
        path_and_query: bytes(request.path_and_query),
        headers: &headers,
        body: &body,
        body_sha256,
        unix_ms: request.unix_ms,
        state: bytes(request.state),
    })
}

struct Fields(SignSink);

impl SignatureSink for Fields {
    fn set_header(&mut self, name: &str, value: &str) {
        if let Some(set) = self.0.set_header {
            let (name, value) = (Bytes::new(name.as_bytes()), Bytes::new(value.as_bytes()));
            // SAFETY: the gateway's function with its own context; the texts outlive the call.
            unsafe { set(self.0.ctx, name, value, HeaderFlags::SENSITIVE) };
        }
    }

    fn set_query(&mut self, name: &str, value: &str) {
        if let Some(set) = self.0.set_query {
            let (name, value) = (Bytes::new(name.as_bytes()), Bytes::new(value.as_bytes()));
            // SAFETY: the gateway's function with its own context; the texts outlive the call.
            unsafe { set(self.0.ctx, name, value) };
        }
    }
}

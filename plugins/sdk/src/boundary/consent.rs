//! Where a person consents.

use super::{
    emit::Emitter,
    guard::guarded,
    handles::instance_shared,
    read::{begin_args, prefix},
};
use crate::{CarrierAuth, ConsentRequest};
use plugins_abi::{Begin, Bytes, Instance, Sink, Status};
use std::ffi::c_void;
use zeroize::Zeroizing;

/// The gateway's function that takes the URL.
type TakeUrl = Option<unsafe extern "C" fn(ctx: *mut c_void, url: Bytes)>;

/// `authorize_url` of the table.
///
/// # Safety
/// As the header file says.
pub(super) unsafe extern "C" fn authorize_url<P: CarrierAuth>(
    instance: *mut Instance,
    begin: *const Begin,
    ctx: *mut c_void,
    url: TakeUrl,
    err: *const Sink,
) -> Status {
    let (false, Some(take)) = (instance.is_null(), url) else {
        return Status::UNSUPPORTED;
    };
    // SAFETY: used during this call only.
    let emitter = unsafe { Emitter::new(err) };
    // SAFETY: the gateway's struct, by the contract.
    let begin = unsafe { prefix(begin) };
    // SAFETY: its members are valid during the call.
    let request = ConsentRequest::new(unsafe { begin_args(&begin) });
    let made = guarded(|| {
        // SAFETY: a live handle of this table's type, by the contract.
        let plugin = unsafe { instance_shared::<P>(instance) };
        plugin.authorize_url(&request).map(Zeroizing::new)
    });
    let (error, status) = match made {
        Ok(Ok(url)) => {
            // SAFETY: the gateway's function with its own context; the text outlives the call.
            unsafe { take(ctx, Bytes::new(url.as_bytes())) };
            return Status::OK;
        }
        Ok(Err(error)) => (error, Status::FAILED),
        Err(panic) => (panic, Status::PANIC),
    };
    emitter.failed(&error);
    status
}

//! The gateway's table, kept for the life of the process.

use super::read::prefix;
use crate::services::Services;
use plugins_abi::{Bytes, Host};
use std::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

static HOST: AtomicPtr<Host> = AtomicPtr::new(ptr::null_mut());

/// Keeps the table; a later one replaces it.
///
/// # Safety
/// `host` is null or a host table by the contract, and lives until the process ends.
pub(super) unsafe fn keep(host: *const Host) {
    // Release pairs with the load below: another thread must see the table's content, not only its address.
    HOST.store(host.cast_mut(), Ordering::Release);
}

fn host() -> Host {
    // SAFETY: `keep` was given null or a table that lives until the process ends.
    unsafe { prefix(HOST.load(Ordering::Acquire).cast_const()) }
}

/// The gateway's clock, randomness and log.
#[derive(Clone, Copy)]
pub(crate) struct HostServices;

impl Services for HostServices {
    fn now_unix_ms(&self) -> u64 {
        host().now_unix_ms.map_or(0, |now| {
            // SAFETY: the gateway's function, callable from any thread.
            unsafe { now() }
        })
    }

    fn random(&self, dst: &mut [u8]) -> bool {
        let Some(random) = host().random else {
            return false;
        };
        // SAFETY: the gateway's function; `dst` is valid for writes of its length.
        unsafe { random(dst.as_mut_ptr(), dst.len()) };
        true
    }

    fn log(&self, level: u32, message: &str) {
        if let Some(log) = host().log {
            // SAFETY: the gateway's function; the text outlives the call.
            unsafe { log(level, Bytes::new(message.as_bytes())) };
        }
    }
}

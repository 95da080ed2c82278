//! Tells the gateway which system calls the filter refused, for a check of a plugin.
//!
//! The filter traps instead of failing: the kernel sends SIGSYS, and the handler tells the number of the call
//! and lets it fail with EPERM, as it does without a check.

use crate::worker::codec::refused_call_frame;
use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

/// Numbers of calls that are told apart, 64 in each element. Linux has about 470.
static TOLD: [AtomicU64; 16] = [const { AtomicU64::new(0) }; 16];

/// Before the first filter.
pub(super) fn tell() -> io::Result<()> {
    let handler: Handler = on_refused;
    let action = libc::sigaction {
        sa_sigaction: handler as libc::sighandler_t,
        // SAFETY: an empty set of signals has no bits.
        sa_mask: unsafe { std::mem::zeroed() },
        sa_flags: libc::SA_SIGINFO,
        sa_restorer: None,
    };
    // SAFETY: reads one `sigaction`; the handler is a function of this program.
    match unsafe { libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

/// In the middle of the plugin's code, so it does nothing but one write.
extern "C" fn on_refused(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes the interrupted thread's context.
    let Some(context) = (unsafe { context.cast::<libc::ucontext_t>().as_mut() }) else {
        return;
    };
    let call = refuse(context);
    let (element, bit) = ((call / 64) as usize, 1 << (call % 64));
    let told = TOLD.get(element).is_none_or(|told| {
        // Once: a plugin that asks for ever must not fill the channel.
        told.fetch_or(bit, Ordering::Relaxed) & bit != 0
    });
    if !told {
        let frame = refused_call_frame(call);
        // SAFETY: writes bytes of this frame. If nobody reads them, the gateway is gone.
        unsafe { libc::write(0, frame.as_ptr().cast(), frame.len()) };
    }
}

/// Lets the call fail, and returns its number.
#[cfg(target_arch = "x86_64")]
const fn refuse(context: &mut libc::ucontext_t) -> u32 {
    let register = &mut context.uc_mcontext.gregs[libc::REG_RAX as usize];
    let call = *register as u32;
    *register = -(libc::EPERM as i64);
    call
}

/// Lets the call fail, and returns its number.
#[cfg(target_arch = "aarch64")]
const fn refuse(context: &mut libc::ucontext_t) -> u32 {
    let registers = &mut context.uc_mcontext.regs;
    registers[0] = -(libc::EPERM as i64) as u64;
    registers[8] as u32
}

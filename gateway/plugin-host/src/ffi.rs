//! Reads what a plugin lends during a call. Sizes and counts are checked before memory is touched;
//! a wild pointer cannot be noticed, only a null or misaligned one.

use crate::Violation;
use plugins_abi::{Bytes, Credential, Failure, HttpRequest, Plugin};
use std::{mem::MaybeUninit, mem::offset_of, ptr, slice};

/// A struct that starts with `struct_size` and may grow at its end.
///
/// # Safety
/// The type is `repr(C)`, its first member is `struct_size: u32`, and all bytes zero is a valid value.
pub(crate) unsafe trait ExtensibleStruct: Copy {
    /// Its name for messages.
    const NAME: &'static str;
    /// Size of the part that major 1 started with.
    const MANDATORY: usize;
}

// SAFETY: repr(C), size first, integers, pointers and lengths only.
unsafe impl ExtensibleStruct for HttpRequest {
    const NAME: &'static str = "waybill_http_request";
    const MANDATORY: usize = offset_of!(Self, reserved) + size_of::<u32>();
}

// SAFETY: repr(C), size first, integers, pointers and lengths only.
unsafe impl ExtensibleStruct for Credential {
    const NAME: &'static str = "waybill_credential";
    const MANDATORY: usize = offset_of!(Self, state) + size_of::<Bytes>();
}

// SAFETY: repr(C), size first, integers, pointers and lengths only.
unsafe impl ExtensibleStruct for Failure {
    const NAME: &'static str = "waybill_failure";
    const MANDATORY: usize = offset_of!(Self, message) + size_of::<Bytes>();
}

// SAFETY: repr(C), size first; the functions are options, whose zero is `None`.
unsafe impl ExtensibleStruct for Plugin {
    const NAME: &'static str = "waybill_plugin";
    const MANDATORY: usize = offset_of!(Self, op_free) + size_of::<usize>();
}

/// Copies a struct out; members that the sender does not know read as zero.
///
/// # Safety
/// If `from` is neither null nor misaligned, it points to as many readable bytes as its first four
/// bytes say.
pub(crate) unsafe fn read<T: ExtensibleStruct>(from: *const T) -> Result<T, Violation> {
    if from.is_null() || !from.is_aligned() {
        return Err(Violation::BadPointer(T::NAME));
    }
    // SAFETY: not null, aligned for a type that starts with this integer, readable by the contract.
    let said = unsafe { from.cast::<u32>().read() } as usize;
    // Older than the first version of this major: nothing can be read from it.
    if said < T::MANDATORY {
        return Err(Violation::ShortStruct {
            name: T::NAME,
            said,
            needed: T::MANDATORY,
        });
    }
    // Zeroed, so that members which an older sender does not know read as "none".
    let mut copy = MaybeUninit::<T>::zeroed();
    // A newer sender's further members are not known here, and an older one's read as zero.
    let known = said.min(size_of::<T>());
    // SAFETY: `known` bytes are readable by the contract and fit into the copy.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), copy.as_mut_ptr().cast(), known) };
    // SAFETY: zeroed at first, which is valid, then overwritten by the sender's valid members.
    Ok(unsafe { copy.assume_init() })
}

/// Borrows bytes; longer ones than `max` are a violation.
///
/// # Safety
/// If the pointer is not null, `len` bytes are readable for `'a`.
pub(crate) unsafe fn bytes<'a>(
    bytes: Bytes,
    max: usize,
    what: &'static str,
) -> Result<&'a [u8], Violation> {
    // The length before the pointer: a limit that is checked after the read protects nothing.
    if bytes.len > max {
        return Err(Violation::TooLong { what, max });
    }
    if bytes.ptr.is_null() && bytes.len > 0 {
        return Err(Violation::BadPointer(what));
    }
    // SAFETY: by the contract; a null pointer reads as empty.
    Ok(unsafe { bytes.as_slice() })
}

/// Borrows an array of structs whose layout is fixed.
///
/// # Safety
/// If the pointer is neither null nor misaligned, `count` values are readable for `'a`.
pub(crate) unsafe fn array<'a, T>(
    first: *const T,
    count: usize,
    max: usize,
    what: &'static str,
) -> Result<&'a [T], Violation> {
    // The count first, for the same reason as a length: no memory is touched beyond the limit.
    if count > max {
        return Err(Violation::TooMany { what, max });
    }
    if count == 0 {
        return Ok(&[]);
    }
    if first.is_null() || !first.is_aligned() {
        return Err(Violation::BadPointer(what));
    }
    // SAFETY: neither null nor misaligned, and by the contract.
    Ok(unsafe { slice::from_raw_parts(first, count) })
}

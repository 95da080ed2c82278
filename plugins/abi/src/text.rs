//! Borrowed bytes and named values.

use core::{ptr, slice};

/// `waybill_bytes`: fixed layout. Borrowed for the duration of the call it was passed to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// Start; null only if `len` is 0.
    pub ptr: *const u8,
    /// Length in bytes.
    pub len: usize,
}

impl Bytes {
    /// No bytes.
    pub const EMPTY: Self = Self {
        ptr: ptr::null(),
        len: 0,
    };

    /// Lends a slice. The caller keeps the slice alive for as long as the receiver may read it.
    pub const fn new(bytes: &[u8]) -> Self {
        Self {
            ptr: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    /// The bytes; a null pointer reads as empty.
    ///
    /// # Safety
    /// If `ptr` is not null, it is valid for reads of `len` bytes for the lifetime `'a`.
    pub const unsafe fn as_slice<'a>(self) -> &'a [u8] {
        // A slice needs a pointer that is not null, even if it is empty.
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: not null, and valid for `len` bytes during 'a by this function's contract.
        unsafe { slice::from_raw_parts(self.ptr, self.len) }
    }
}

// SAFETY: a pointer and a length; the caller of `as_slice` promises that they are valid.
unsafe impl Send for Bytes {}
// SAFETY: as for Send.
unsafe impl Sync for Bytes {}

/// `waybill_header`: fixed layout. An HTTP field, a query parameter or an operation's parameter.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Name.
    pub name: Bytes,
    /// Value.
    pub value: Bytes,
    /// Bits of [`HeaderFlags`].
    // This struct has no size member and can never grow, because senders pass arrays of it.
    pub flags: u64,
}

/// Bits of [`Header::flags`].
#[derive(Clone, Copy, Debug)]
pub struct HeaderFlags;

impl HeaderFlags {
    /// The value is a secret.
    pub const SENSITIVE: u64 = 1;
    /// Where the place of a credential field's slot begins.
    pub const SLOT_SHIFT: u32 = 8;
    /// The bits of that place.
    pub const SLOT_MASK: u64 = 0x3f00;
    /// One more than the last place that fits.
    pub const MAX_SLOTS: usize = 64;

    /// The bits for the slot at this place of the manifest's list; a place that does not fit gives those
    /// of the last one.
    pub const fn slot(place: u32) -> u64 {
        let bits = (place as u64) << Self::SLOT_SHIFT;
        if bits > Self::SLOT_MASK {
            Self::SLOT_MASK
        } else {
            bits
        }
    }

    /// The place of the slot that the bits name.
    pub const fn place_of_slot(flags: u64) -> u32 {
        ((flags & Self::SLOT_MASK) >> Self::SLOT_SHIFT) as u32
    }
}

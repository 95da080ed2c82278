//! The shared memory: its layout, and how both sides map it.

use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create},
    io::Errno,
};
use std::{
    io,
    ops::Deref,
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
    ptr::{self, NonNull},
    sync::atomic::{AtomicU32, AtomicU64},
};

/// Signatures that can be under way: one bit each in a word.
pub(crate) const ENTRIES: usize = 64;
/// Bytes of one request. A longer one goes over the channel.
pub(crate) const REQUEST: usize = 48 << 10;
/// Bytes of one answer: the longest signature, the longest reason, and messages for the log.
pub(crate) const RESPONSE: usize = 48 << 10;

/// A cache line of its own, so that the sides do not slow each other down.
#[repr(C, align(64))]
pub(crate) struct Line<T>(pub(crate) T);

/// What is shared. All of it is atomic, because the other side may write at any time, and every value of each
/// member is valid, because the other side may write anything.
#[repr(C)]
pub(crate) struct Shared {
    /// The entries whose requests no one has taken yet.
    pub(crate) ready: Line<AtomicU64>,
    /// One while the worker process sleeps; the futex that it sleeps on.
    pub(crate) sleeping: Line<AtomicU32>,
    /// Counts the answers that the gateway does not look for by itself; the futex that its watcher sleeps on.
    pub(crate) bell: Line<AtomicU32>,
    pub(crate) entries: [Entry; ENTRIES],
}

/// One request and its answer.
#[repr(C, align(64))]
pub(crate) struct Entry {
    /// See [`super::State`].
    pub(crate) state: AtomicU32,
    pub(crate) request_len: AtomicU32,
    pub(crate) response_len: AtomicU32,
    /// The id of the instance that signs.
    pub(crate) instance: AtomicU64,
    /// The time of the request, which is the plugin's clock.
    pub(crate) unix_ms: AtomicU64,
    pub(crate) request: [AtomicU64; REQUEST / 8],
    pub(crate) response: [AtomicU64; RESPONSE / 8],
}

/// One side's view of the memory.
pub(crate) struct Mapping(NonNull<Shared>);

// SAFETY: all of the memory is atomic.
unsafe impl Send for Mapping {}
// SAFETY: all of the memory is atomic.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// New memory, all zero, and the file through which the worker process maps it. Nobody can change its size,
    /// because a page that is cut off would end the gateway with SIGBUS.
    pub(crate) fn create() -> io::Result<(Self, OwnedFd)> {
        let file = memory_file()?;
        ftruncate(&file, size_of::<Shared>() as u64)?;
        fcntl_add_seals(&file, seals())?;
        Ok((Self::map(&file)?, file))
    }

    /// The memory that the gateway gave this process, if it is that.
    pub(crate) fn open(file: impl AsFd) -> io::Result<Option<Self>> {
        match fcntl_get_seals(&file) {
            Ok(found) if found.contains(seals()) => {}
            Ok(_) | Err(_) => return Ok(None),
        }
        if u64::try_from(fstat(&file)?.st_size) != Ok(size_of::<Shared>() as u64) {
            return Ok(None);
        }
        Self::map(file).map(Some)
    }

    fn map(file: impl AsFd) -> io::Result<Self> {
        let (access, file) = (libc::PROT_READ | libc::PROT_WRITE, file.as_fd().as_raw_fd());
        let (any, length) = (ptr::null_mut(), size_of::<Shared>());
        // SAFETY: the system chooses the address, so no other mapping is replaced.
        let at = unsafe { libc::mmap(any, length, access, libc::MAP_SHARED, file, 0) };
        match NonNull::new(at.cast()) {
            Some(shared) if at != libc::MAP_FAILED => Ok(Self(shared)),
            Some(_) | None => Err(io::Error::last_os_error()),
        }
    }
}

fn seals() -> SealFlags {
    SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL
}

fn memory_file() -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("waybill-sign", flags | MemfdFlags::NOEXEC_SEAL) {
        // Linux before 6.3 does not know that flag.
        Err(Errno::INVAL) => Ok(memfd_create("waybill-sign", flags)?),
        made => Ok(made?),
    }
}

impl Deref for Mapping {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        // SAFETY: a page-aligned mapping of this size that lives as long as `self` and cannot shrink; any bytes
        // are a valid `Shared`, and both sides use atomic operations.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is this object's, and nothing borrows from it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<Shared>()) };
    }
}

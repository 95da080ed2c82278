//! Numbers and names by which host and plugin find each other.

use core::ffi::CStr;

/// Breaking changes; part of the entry symbol's name.
pub const ABI_MAJOR: u32 = 1;
/// Additions at the end of tables and structs. History: 0 = first release; 1 = a credential's further slots.
pub const ABI_MINOR: u32 = 1;
/// `WYB1`, little-endian: first proof that a table is a plugin's.
pub const MAGIC: u32 = u32::from_le_bytes(*b"WYB1");
/// The one symbol that a plugin exports.
// The major version is in the name: a host of another major does not find it, and calls nothing.
pub const ENTRY_SYMBOL: &CStr = c"waybill_entry_v1";
/// ELF section with [`MANIFEST_MAGIC`], a native `u32` length and the manifest's JSON.
pub const MANIFEST_SECTION: &str = ".waybill.manifest";
/// First bytes of [`MANIFEST_SECTION`].
pub const MANIFEST_MAGIC: [u8; 8] = *b"WAYBILL1";
/// The maximum length of a manifest in bytes. The host refuses a longer one.
// Bounded, because the file is not trusted when its manifest is read.
pub const MAX_MANIFEST_LEN: usize = 256 * 1024;

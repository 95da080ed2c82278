//! From an entry point to a table that can be called.

use crate::{Manifest, Violation, ffi};
use plugins_abi::{
    ABI_MAJOR, ABI_MINOR, Begin, Bytes, Capabilities, EntryPoint, Event, Host, Instance, MAGIC,
    MAX_MANIFEST_LEN, Op, Plugin, SignRequest, SignSink, Sink, Status,
};
use std::ffi::c_void;

/// Why the plugin's code is not used, although its file looked right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The entry point returned null.
    #[error(
        "the plugin declined to work with this gateway (ABI {ABI_MAJOR}.{ABI_MINOR}): see the log, and \
         use a plugin built for it"
    )]
    Declined,
    /// The table cannot be read.
    #[error("the plugin's table cannot be read ({0}): build the plugin with the current SDK")]
    Table(String),
    /// The magic number is missing.
    #[error("the plugin's table has no WYB1 magic: build the plugin with the current SDK")]
    Magic,
    /// The table is of another major.
    #[error("the plugin's table is of ABI major {plugin}, this gateway speaks major {ABI_MAJOR}")]
    AbiMajor {
        /// What the table says.
        plugin: u32,
    },
    /// The table needs a newer gateway.
    #[error(
        "the plugin's table requires ABI {ABI_MAJOR}.{requires}, this gateway offers \
         {ABI_MAJOR}.{ABI_MINOR}: update the gateway"
    )]
    AbiMinor {
        /// What the table says.
        requires: u32,
    },
    /// A function is missing for what the plugin says it can do.
    #[error(
        "the plugin's table lacks the function {0}, which its capabilities or its manifest promise"
    )]
    Function(&'static str),
    /// The plugin can do nothing that this gateway uses.
    #[error(
        "the plugin issues no tokens (capability TOKEN), and this gateway uses nothing else yet"
    )]
    NoToken,
    /// File and table disagree.
    #[error("the manifest in the file and the one of the table differ: build the plugin anew")]
    ManifestDiffers,
    /// The table's manifest cannot be used (only plugins without a file).
    #[error("the manifest cannot be used: {0}")]
    Manifest(#[from] crate::ManifestError),
}

type InstanceNew = unsafe extern "C" fn(Bytes, *const Sink, *mut *mut Instance) -> Status;
type OpBegin =
    unsafe extern "C" fn(*mut Instance, *const Begin, *const Sink, *mut *mut Op) -> Status;
type OpResume = unsafe extern "C" fn(*mut Op, *const Event, *const Sink) -> Status;

pub(crate) type AuthorizeUrl = unsafe extern "C" fn(
    *mut Instance,
    *const Begin,
    *mut c_void,
    Option<unsafe extern "C" fn(*mut c_void, Bytes)>,
    *const Sink,
) -> Status;

pub(crate) type Sign =
    unsafe extern "C" fn(*const Instance, *const SignRequest, *const SignSink) -> Status;

/// The functions of a plugin that passed the handshake; none is missing.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    pub(crate) instance_new: InstanceNew,
    pub(crate) instance_free: unsafe extern "C" fn(*mut Instance),
    pub(crate) op_begin: OpBegin,
    pub(crate) op_resume: OpResume,
    pub(crate) op_free: unsafe extern "C" fn(*mut Op),
    pub(crate) authorize_url: Option<AuthorizeUrl>,
    /// Only of a plugin that signs requests.
    pub(crate) sign: Option<Sign>,
    pub(crate) capabilities: u64,
}

/// Calls the entry point with a host table and checks what it returns.
///
/// # Safety
/// `entry` is a plugin's entry point that follows the header.
pub(crate) unsafe fn enter(
    entry: EntryPoint,
    host: &'static Host,
    manifest: &[u8],
) -> Result<Table, HandshakeError> {
    // SAFETY: by this function's contract; the host table lives for ever.
    let table = unsafe { entry(host) };
    if table.is_null() {
        return Err(HandshakeError::Declined);
    }
    // SAFETY: by this function's contract the table is the plugin's, and lives for ever.
    unsafe { check(table, Some(manifest)) }.map(|(table, _)| table)
}

/// Checks a table; without a file to compare with, its own manifest is the only one.
///
/// # Safety
/// `table` follows the header's rules for the plugin's table.
pub(crate) unsafe fn check(
    table: *const Plugin,
    file: Option<&[u8]>,
) -> Result<(Table, Manifest), HandshakeError> {
    // SAFETY: by this function's contract.
    let plugin = unsafe { ffi::read(table) }.map_err(unreadable)?;
    // Magic and major before any other member: in another major they may mean something else.
    if plugin.magic != MAGIC {
        return Err(HandshakeError::Magic);
    }
    if plugin.abi_major != ABI_MAJOR {
        return Err(HandshakeError::AbiMajor {
            plugin: plugin.abi_major,
        });
    }
    // A plugin may be newer, as long as it does not need what only a newer host offers.
    if plugin.requires_minor > ABI_MINOR {
        return Err(HandshakeError::AbiMinor {
            requires: plugin.requires_minor,
        });
    }
    // SAFETY: by this function's contract.
    let manifest = unsafe { ffi::bytes(plugin.manifest, MAX_MANIFEST_LEN, "the manifest") }
        .map_err(unreadable)?;
    // The manifest in the file was inspected and shown to the operator; the table must not replace it.
    if file.is_some_and(|file| file != manifest) {
        return Err(HandshakeError::ManifestDiffers);
    }
    let (table, manifest) = (functions(&plugin)?, Manifest::parse(manifest)?);
    // A request that the manifest promises to sign would otherwise leave unsigned.
    if manifest.says_it_signs() && table.sign.is_none() {
        return Err(HandshakeError::Function("sign"));
    }
    Ok((table, manifest))
}

fn functions(plugin: &Plugin) -> Result<Table, HandshakeError> {
    // Without tokens a plugin has nothing to do here.
    if plugin.capabilities & Capabilities::TOKEN == 0 {
        return Err(HandshakeError::NoToken);
    }
    if plugin.capabilities & Capabilities::SIGN != 0 && plugin.sign.is_none() {
        return Err(HandshakeError::Function("sign"));
    }
    if plugin.capabilities & Capabilities::AUTH_CODE != 0 && plugin.authorize_url.is_none() {
        return Err(HandshakeError::Function("authorize_url"));
    }
    Ok(Table {
        instance_new: required(plugin.instance_new, "instance_new")?,
        instance_free: required(plugin.instance_free, "instance_free")?,
        op_begin: required(plugin.op_begin, "op_begin")?,
        op_resume: required(plugin.op_resume, "op_resume")?,
        op_free: required(plugin.op_free, "op_free")?,
        authorize_url: plugin.authorize_url,
        sign: plugin
            // A function without its capability was not meant to be called.
            .sign
            .filter(|_| plugin.capabilities & Capabilities::SIGN != 0),
        capabilities: plugin.capabilities,
    })
}

fn required<F>(function: Option<F>, name: &'static str) -> Result<F, HandshakeError> {
    function.ok_or(HandshakeError::Function(name))
}

fn unreadable(violation: Violation) -> HandshakeError {
    HandshakeError::Table(violation.to_string())
}

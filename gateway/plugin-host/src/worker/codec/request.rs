//! What the gateway asks of a worker.

use super::wire::{FrameError, Reader, Writer, unknown};
use crate::{
    Limits,
    call::{BeginArgs, EventArgs},
    sink::UncheckedField,
};
use gateway_model::{Secret, SecretBytes};
use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What both sides must agree on. A worker runs the gateway's own program, so they differ only if
/// something else answers.
const PROTOCOL: u32 = 2;
/// More than any of these is refused by the gateway before it becomes a frame.
const MAX: usize = super::MAX_FRAME;

const LOAD: u8 = 1;
const INSTANCE_NEW: u8 = 2;
const INSTANCE_FREE: u8 = 3;
const OP_BEGIN: u8 = 4;
const OP_RESUME: u8 = 5;
const OP_FREE: u8 = 6;
const AUTHORIZE_URL: u8 = 7;
const SIGN: u8 = 8;

/// What a worker has to load, and what it may use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// The private copy.
    pub(crate) library: PathBuf,
    /// The manifest that was inspected.
    pub(crate) manifest: Vec<u8>,
    /// Bytes of address space beyond what is mapped already.
    pub(crate) memory: u64,
    /// Whether refused system calls are told.
    pub(crate) tells_refused_calls: bool,
}

/// One call. The ids of instances and operations are the gateway's choice.
pub(crate) enum Request {
    Load(Load),
    InstanceNew {
        id: u64,
        config: SecretBytes,
        limits: Limits,
    },
    InstanceFree {
        id: u64,
    },
    OpBegin {
        instance: u64,
        op: u64,
        args: BeginArgs,
        limits: Limits,
    },
    OpResume {
        op: u64,
        args: EventArgs,
        limits: Limits,
    },
    OpFree {
        op: u64,
    },
    AuthorizeUrl {
        instance: u64,
        args: BeginArgs,
        limits: Limits,
    },
    Sign {
        instance: u64,
        /// As [`super::read_request`] reads it.
        request: SecretBytes,
    },
}

/// Makes frames of requests, from what the caller keeps.
pub(crate) struct RequestFrame;

impl RequestFrame {
    pub(crate) fn load(wall: SystemTime, load: &Load) -> SecretBytes {
        let mut frame = begin(LOAD, wall);
        frame.u32(PROTOCOL);
        frame.bytes(load.library.as_os_str().as_bytes());
        frame.bytes(&load.manifest);
        frame.u64(load.memory);
        frame.flag(load.tells_refused_calls);
        frame.finish()
    }

    pub(crate) fn instance_new(
        wall: SystemTime,
        id: u64,
        config: &SecretBytes,
        limits: &Limits,
    ) -> SecretBytes {
        let mut frame = begin(INSTANCE_NEW, wall);
        frame.u64(id);
        frame.bytes(config.expose());
        write_limits(&mut frame, limits);
        frame.finish()
    }

    pub(crate) fn instance_free(wall: SystemTime, id: u64) -> SecretBytes {
        let mut frame = begin(INSTANCE_FREE, wall);
        frame.u64(id);
        frame.finish()
    }

    pub(crate) fn op_begin(
        wall: SystemTime,
        instance: u64,
        op: u64,
        args: &BeginArgs,
        limits: &Limits,
    ) -> SecretBytes {
        let mut frame = begin(OP_BEGIN, wall);
        frame.u64(instance);
        frame.u64(op);
        write_begin(&mut frame, args);
        write_limits(&mut frame, limits);
        frame.finish()
    }

    pub(crate) fn op_resume(
        wall: SystemTime,
        op: u64,
        args: &EventArgs,
        limits: &Limits,
    ) -> SecretBytes {
        let mut frame = begin(OP_RESUME, wall);
        frame.u64(op);
        frame.u32(args.kind);
        frame.u64(args.id);
        frame.u32(args.status);
        write_fields(&mut frame, &args.fields);
        frame.bytes(&args.body);
        write_limits(&mut frame, limits);
        frame.finish()
    }

    pub(crate) fn op_free(wall: SystemTime, op: u64) -> SecretBytes {
        let mut frame = begin(OP_FREE, wall);
        frame.u64(op);
        frame.finish()
    }

    pub(crate) fn authorize_url(
        wall: SystemTime,
        instance: u64,
        args: &BeginArgs,
        limits: &Limits,
    ) -> SecretBytes {
        let mut frame = begin(AUTHORIZE_URL, wall);
        frame.u64(instance);
        write_begin(&mut frame, args);
        write_limits(&mut frame, limits);
        frame.finish()
    }

    pub(crate) fn sign(wall: SystemTime, instance: u64, request: &SecretBytes) -> SecretBytes {
        let mut frame = begin(SIGN, wall);
        frame.u64(instance);
        frame.bytes(request.expose());
        frame.finish()
    }
}

fn write_fields(frame: &mut Writer, fields: &[(Vec<u8>, Vec<u8>)]) {
    frame.count(fields.len());
    for (name, value) in fields {
        frame.bytes(name);
        frame.bytes(value);
    }
}

/// Every request carries the time, which is the plugin's clock during the call.
fn begin(kind: u8, wall: SystemTime) -> Writer {
    let mut frame = Writer::new(kind);
    // A time before the epoch is the epoch, as in the gateway's own process.
    let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    frame.u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    frame
}

fn write_begin(frame: &mut Writer, args: &BeginArgs) {
    frame.u32(args.reason);
    frame.bytes(args.slot.as_bytes());
    frame.bytes(args.state.expose());
    frame.count(args.params.len());
    for (name, value) in &args.params {
        frame.bytes(name.as_bytes());
        frame.bytes(value.expose().as_bytes());
    }
}

fn write_limits(frame: &mut Writer, limits: &Limits) {
    let Limits {
        steps,
        outstanding,
        response,
        request,
        url,
        fields,
        field,
        state,
        deadline,
        request_timeout,
    } = limits;
    for size in [
        steps,
        outstanding,
        response,
        request,
        url,
        fields,
        field,
        state,
    ] {
        frame.u64(*size as u64);
    }
    for time in [deadline, request_timeout] {
        frame.u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }
}

impl Request {
    /// Reads a request and the time at which it was made.
    pub(crate) fn decode(frame: &[u8]) -> Result<(SystemTime, Self), FrameError> {
        let mut frame = Reader::new(frame);
        let kind = frame.u8()?;
        let wall = UNIX_EPOCH
            .checked_add(Duration::from_millis(frame.u64()?))
            .unwrap_or(UNIX_EPOCH);
        let request = match kind {
            LOAD => Self::Load(read_load(&mut frame)?),
            INSTANCE_NEW => Self::InstanceNew {
                id: frame.u64()?,
                config: SecretBytes::new(frame.bytes(MAX, "a configuration")?.to_vec()),
                limits: read_limits(&mut frame)?,
            },
            INSTANCE_FREE => Self::InstanceFree { id: frame.u64()? },
            OP_BEGIN => Self::OpBegin {
                instance: frame.u64()?,
                op: frame.u64()?,
                args: read_begin(&mut frame)?,
                limits: read_limits(&mut frame)?,
            },
            OP_RESUME => Self::OpResume {
                op: frame.u64()?,
                args: read_event(&mut frame)?,
                limits: read_limits(&mut frame)?,
            },
            OP_FREE => Self::OpFree { op: frame.u64()? },
            AUTHORIZE_URL => Self::AuthorizeUrl {
                instance: frame.u64()?,
                args: read_begin(&mut frame)?,
                limits: read_limits(&mut frame)?,
            },
            SIGN => Self::Sign {
                instance: frame.u64()?,
                request: SecretBytes::new(frame.bytes(MAX, "a request")?.to_vec()),
            },
            value => return Err(unknown("request", value)),
        };
        frame.finish()?;
        Ok((wall, request))
    }
}

fn read_load(frame: &mut Reader<'_>) -> Result<Load, FrameError> {
    match frame.u32()? {
        PROTOCOL => {}
        value => return Err(unknown("version of the protocol", value)),
    }
    let library = OsString::from_vec(frame.bytes(MAX, "a path")?.to_vec());
    Ok(Load {
        library: Path::new(&library).to_owned(),
        manifest: frame.bytes(MAX, "a manifest")?.to_vec(),
        memory: frame.u64()?,
        tells_refused_calls: frame.flag("mark of refused calls")?,
    })
}

fn read_begin(frame: &mut Reader<'_>) -> Result<BeginArgs, FrameError> {
    Ok(BeginArgs {
        reason: frame.u32()?,
        slot: frame.text(MAX, "a slot")?.to_owned(),
        state: SecretBytes::new(frame.bytes(MAX, "a state")?.to_vec()),
        params: frame.list(MAX, "parameters", |frame| {
            let name = frame.text(MAX, "a parameter's name")?.to_owned();
            let value = frame.text(MAX, "a parameter")?.to_owned();
            Ok((name, Secret::new(value)))
        })?,
    })
}

fn read_fields(frame: &mut Reader<'_>) -> Result<Vec<UncheckedField>, FrameError> {
    frame.list(MAX, "fields", |frame| {
        let name = frame.bytes(MAX, "a field's name")?.to_vec();
        Ok((name, frame.bytes(MAX, "a field's value")?.to_vec()))
    })
}

fn read_event(frame: &mut Reader<'_>) -> Result<EventArgs, FrameError> {
    Ok(EventArgs {
        kind: frame.u32()?,
        id: frame.u64()?,
        status: frame.u32()?,
        fields: read_fields(frame)?,
        body: frame.bytes(MAX, "a response")?.to_vec().into(),
    })
}

fn read_limits(frame: &mut Reader<'_>) -> Result<Limits, FrameError> {
    fn size(frame: &mut Reader<'_>) -> Result<usize, FrameError> {
        Ok(usize::try_from(frame.u64()?).unwrap_or(usize::MAX))
    }
    fn time(frame: &mut Reader<'_>) -> Result<Duration, FrameError> {
        frame.u64().map(Duration::from_millis)
    }
    Ok(Limits {
        steps: size(frame)?,
        outstanding: size(frame)?,
        response: size(frame)?,
        request: size(frame)?,
        url: size(frame)?,
        fields: size(frame)?,
        field: size(frame)?,
        state: size(frame)?,
        deadline: time(frame)?,
        request_timeout: time(frame)?,
    })
}

//! Takes requests from the channel and answers them, one after the other.

use super::{channel::read_frame, confine, objects::Objects, signer};
use crate::{
    OsRandom, Violation,
    call::{self, AuthorizeUrlResult, Returned},
    context::{Journal, Services},
    handshake::{self, Table},
    host_table, library,
    sign_call::{self, unix_ms},
    sink::Emitted,
    worker::{
        codec::{Functions, Load, MAX_FRAME, Request, Response, read_request},
        ring::Mapping,
    },
};
use gateway_model::SecretBytes;
use plugins_abi::Status;
use std::{
    cell::Cell,
    fs::File,
    io::{self, Write as _},
    sync::Arc,
    time::SystemTime,
};

/// A worker that serves one gateway.
pub(super) struct Worker<'a> {
    channel: &'a File,
    objects: Arc<Objects>,
    /// For signatures, until the load.
    memory: Cell<Option<Mapping>>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(channel: &'a File, memory: Option<Mapping>) -> Self {
        Self {
            channel,
            objects: Arc::default(),
            memory: Cell::new(memory),
        }
    }

    /// Serves until the gateway closes the channel.
    pub(super) fn serve(&self) -> io::Result<()> {
        while let Some(frame) = read_frame(&mut &*self.channel)? {
            let decoded = Request::decode(frame.expose());
            let (wall, request) = decoded.map_err(io::Error::other)?;
            drop(frame);
            let journal = ChannelJournal(self.channel);
            let now = || wall;
            let services = Services::new(&journal, &now, &OsRandom);
            let response = services.enter(|| self.answer(request, wall))?;
            send(self.channel, &response)?;
        }
        Ok(())
    }

    fn answer(&self, request: Request, wall: SystemTime) -> io::Result<Response> {
        if let Request::Load(load) = request {
            return Ok(self.load(&load));
        }
        let objects = &*self.objects;
        let table = objects.table().ok_or_else(|| unknown("plugin"))?;
        Ok(match request {
            Request::Load(_) => return Err(unknown("request")),
            Request::InstanceNew { id, config, limits } => {
                let made = call::instance_new(&table, &config, limits);
                returned(made, |made| objects.keep_instance(id, made))
            }
            Request::OpBegin {
                instance,
                op,
                args,
                limits,
            } => {
                let instance = objects
                    .instance(instance)
                    .ok_or_else(|| unknown("instance"))?;
                // SAFETY: one of this table's instances, not freed yet.
                let made = unsafe { call::op_begin(&table, instance, &args, limits) };
                returned(made, |made| objects.keep_op(op, made))
            }
            Request::OpResume { op, args, limits } => {
                let op = objects.op(op).ok_or_else(|| unknown("operation"))?;
                // SAFETY: one of this table's operations, not freed yet; this process makes one call at a time.
                let (status, emitted) = unsafe { call::op_resume(&table, op, &args, limits) };
                Response::Returned {
                    status,
                    emitted,
                    made_handle: true,
                }
            }
            Request::AuthorizeUrl {
                instance,
                args,
                limits,
            } => {
                let instance = objects
                    .instance(instance)
                    .ok_or_else(|| unknown("instance"))?;
                let function = table.authorize_url.ok_or_else(|| unknown("function"))?;
                // SAFETY: one of this table's instances, not freed yet.
                let result = unsafe { call::authorize_url(function, instance, &args, limits) };
                let AuthorizeUrlResult {
                    status,
                    emitted,
                    url,
                } = result;
                Response::Url {
                    status,
                    emitted,
                    url,
                }
            }
            Request::Sign { instance, request } => {
                let instance = objects
                    .instance(instance)
                    .ok_or_else(|| unknown("instance"))?;
                let function = table.sign.ok_or_else(|| unknown("function"))?;
                let args = read_request(request.expose()).map_err(io::Error::other)?;
                // SAFETY: one of this table's instances, not freed yet; the fields came with the arguments.
                let (status, draft) =
                    unsafe { sign_call::call_with(function, instance, &args, unix_ms(wall)) };
                Response::Signed { status, draft }
            }
            Request::InstanceFree { id } => give_back_instance(&table, objects, id),
            Request::OpFree { op } => give_back_op(&table, objects, op),
        })
    }

    fn load(&self, load: &Load) -> Response {
        let start_threads = || match self.memory.take() {
            Some(memory) => signer::start(memory, Arc::clone(&self.objects)),
            None => Ok(()),
        };
        match open(load, start_threads) {
            Ok(table) => {
                self.objects.set_table(table);
                Response::Loaded(Functions {
                    capabilities: table.capabilities,
                    signs: table.sign.is_some(),
                })
            }
            Err(why) => Response::Refused(why),
        }
    }
}

fn open(load: &Load, start_threads: impl FnOnce() -> io::Result<()>) -> Result<Table, String> {
    // Before the first byte of the plugin runs, and a constructor is among those.
    confine::before_load(load, start_threads)?;
    // SAFETY: the gateway inspected the file and made the private copy.
    let entry = unsafe { library::open(&load.library) }
        .map_err(|why| format!("the system's loader refused it: {why}"))?;
    // SAFETY: the entry point of a library that says it follows the header.
    let table = unsafe { handshake::enter(entry, &host_table::TABLE, &load.manifest) };
    let table = table.map_err(|error| error.to_string())?;
    confine::after_load(load.tells_refused_calls)?;
    Ok(table)
}

fn give_back_instance(table: &Table, objects: &Objects, id: u64) -> Response {
    if let Some(instance) = objects.take_instance(id) {
        // SAFETY: the gateway gives an instance back after the last of its operations, once.
        unsafe { (table.instance_free)(instance.as_ptr()) };
    }
    Response::Freed
}

fn give_back_op(table: &Table, objects: &Objects, id: u64) -> Response {
    if let Some(op) = objects.take_op(id) {
        // SAFETY: the operation is in no call, and was taken out of the list, so it is freed once.
        unsafe { (table.op_free)(op.as_ptr()) };
    }
    Response::Freed
}

fn returned<H>(made: Returned<H>, keep: impl FnOnce(Option<H>) -> bool) -> Response {
    Response::Returned {
        status: made.status,
        emitted: made.emitted,
        made_handle: keep(made.handle),
    }
}

/// The gateway never does this, so the channel has another end than that.
fn unknown(what: &str) -> io::Error {
    io::Error::other(format!("an unknown {what}"))
}

fn send(mut channel: &File, response: &Response) -> io::Result<()> {
    let frame = response.encode();
    if fits(&frame) {
        return channel.write_all(frame.expose());
    }
    let what = "all that one call emitted";
    let violation = Violation::TooLong {
        what,
        max: MAX_FRAME,
    };
    let made_handle = matches!(
        response,
        Response::Returned {
            made_handle: true,
            ..
        }
    );
    let short = Response::Returned {
        status: Status::FAILED,
        emitted: Emitted {
            violation: Some(violation),
            ..Emitted::default()
        },
        made_handle,
    };
    channel.write_all(short.encode().expose())
}

fn fits(frame: &SecretBytes) -> bool {
    frame.expose().len() <= MAX_FRAME
}

/// Sends a plugin's messages to the gateway's log.
struct ChannelJournal<'a>(&'a File);

impl Journal for ChannelJournal<'_> {
    fn plugin(&self) -> &'static str {
        // The gateway knows which one this process has.
        "plugin"
    }

    fn write(&self, level: u32, text: &str) {
        let text = text.to_owned();
        // If it fails, the gateway is gone, and the answer fails as well.
        let _ = send(self.0, &Response::Log { level, text });
    }

    fn fatal(&self) {
        let _ = send(self.0, &Response::Fatal);
    }
}

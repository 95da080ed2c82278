//! One worker: its channel and its process.

use crate::{
    Limits,
    context::MAX_MESSAGES,
    plugin_log,
    worker::{
        channel::{Channel, Deadline},
        codec::{MAX_FRAME, Response},
        ending::WorkerEnding,
        process::{Process, WorkerProgram},
        system_call::SystemCall,
    },
};
use gateway_model::{Clock, SecretBytes};
use std::{collections::BTreeSet, io, mem, os::fd::OwnedFd, sync::Arc, time::Duration};

/// A worker and how to talk to it.
pub(super) struct Connection {
    channel: Channel,
    process: Arc<Process>,
    generation: u64,
    refused_calls: BTreeSet<SystemCall>,
}

/// Refused system calls that are kept. A plugin that writes to the channel can name any.
const MAX_REFUSED_CALLS: usize = 64;

/// Why a worker cannot be used any more.
pub(super) enum Broken {
    Hung(Duration),
    Closed,
    Fatal,
    Protocol(String),
}

impl Connection {
    pub(super) fn start(
        program: &WorkerProgram,
        plugin: &str,
        generation: u64,
        memory: Option<OwnedFd>,
        ended: impl FnOnce(WorkerEnding) + Send + 'static,
    ) -> io::Result<Self> {
        let (channel, process) = Process::start(program, plugin, memory, ended)?;
        Ok(Self {
            channel,
            process,
            generation,
            refused_calls: BTreeSet::new(),
        })
    }

    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) const fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// One request and its answer. Messages for the log come before the answer.
    pub(super) fn exchange(
        &mut self,
        frame: &SecretBytes,
        limits: &Limits,
        time: Duration,
        clock: &dyn Clock,
        plugin: &str,
    ) -> Result<Response, Broken> {
        let deadline = Deadline::after(time, clock);
        let broken = |error: io::Error| Broken::from_io(&error, time);
        self.channel.send(frame, &deadline).map_err(broken)?;
        // The worker keeps this limit itself; a plugin that writes to the channel may not.
        for _ in 0..=MAX_MESSAGES + 2 {
            let received = self.channel.receive(&deadline).map_err(broken)?;
            let received = received.ok_or(Broken::Closed)?;
            let response = Response::decode(received.expose(), limits);
            match response.map_err(|error| Broken::Protocol(error.to_string()))? {
                Response::Log { level, text } => plugin_log::write(plugin, level, &text),
                Response::RefusedCall(call) => {
                    if self.refused_calls.len() < MAX_REFUSED_CALLS {
                        self.refused_calls.insert(SystemCall(call));
                    }
                }
                Response::Fatal => return Err(Broken::Fatal),
                response @ (Response::Loaded(_)
                | Response::Refused(_)
                | Response::Returned { .. }
                | Response::Url { .. }
                | Response::Freed
                | Response::Signed { .. }) => return Ok(response),
            }
        }
        Err(Broken::Protocol(
            "more messages than a call may write".into(),
        ))
    }

    /// The system calls that were refused since the last question.
    pub(super) fn take_refused_calls(&mut self) -> BTreeSet<SystemCall> {
        mem::take(&mut self.refused_calls)
    }

    /// Ends the process, and says why it ended.
    pub(super) fn end(&self, broken: Broken, grace: Duration) -> WorkerEnding {
        let why = match broken {
            // The system knows more than that: it is about to say how the process ended.
            Broken::Closed => match self.process.ending_within(grace) {
                Some(ending) => return ending,
                None => WorkerEnding::ChannelClosed,
            },
            Broken::Hung(limit) => WorkerEnding::Hung(limit),
            Broken::Fatal => WorkerEnding::Fatal,
            Broken::Protocol(how) => WorkerEnding::Protocol(how),
        };
        self.process.kill(why.clone());
        self.process.ending_within(grace).unwrap_or(why)
    }

    /// Whether the gateway can send a frame of this size.
    pub(super) fn fits(frame: &SecretBytes) -> bool {
        frame.expose().len() <= MAX_FRAME
    }
}

impl Broken {
    fn from_io(error: &io::Error, time: Duration) -> Self {
        if error.kind() == io::ErrorKind::TimedOut {
            Self::Hung(time)
        } else if error.kind() == io::ErrorKind::InvalidData {
            Self::Protocol(error.to_string())
        } else {
            // The channel is a socket pair: there is nothing else that can go wrong with it.
            Self::Closed
        }
    }
}

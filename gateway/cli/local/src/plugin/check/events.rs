//! What the process that runs a section tells the one that started it: one JSON document a line.

use plugins_conformance::{Check, Progress};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::AsFd as _,
    sync::{Mutex, PoisonError},
};

/// The check that ends with the plugin's handshake.
pub(super) const LOADS: &str = "loads, and agrees with the gateway on the ABI";

/// One message.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// A check begins or goes on with this case.
    At { check: String, case: String },
    /// A check has ended.
    Ended { check: Check },
    /// The file was loaded or refused.
    Loaded {
        state: String,
        reason: Option<String>,
    },
    /// All checks of the section have ended.
    Done,
}

/// The child's end. It came as standard input, the one descriptor that nobody else writes to.
pub(super) struct Channel {
    out: Mutex<File>,
}

impl Channel {
    /// Takes it, and leaves an empty standard input behind for the plugin.
    pub(super) fn take() -> io::Result<Self> {
        let channel = io::stdin().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self {
            out: Mutex::new(channel.into()),
        })
    }

    pub(super) fn send(&self, event: &Event) {
        let Ok(mut line) = serde_json::to_vec(event) else {
            return;
        };
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // If it cannot be written, nobody listens; the other end says that the section did not finish.
        let _ = out.write_all(&line);
    }
}

impl Progress for Channel {
    fn at(&self, check: &str, case: &str) {
        self.send(&Event::At {
            check: check.to_owned(),
            case: case.to_owned(),
        });
    }

    fn ended(&self, check: &Check) {
        self.send(&Event::Ended {
            check: check.clone(),
        });
    }
}

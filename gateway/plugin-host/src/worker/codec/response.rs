//! What a worker answers.

use super::{
    emitted,
    wire::{FrameError, Reader, Writer, unknown},
};
use crate::{
    Limits, call::MAX_CONSENT_URL, host_table::MAX_MESSAGE, sign_call::SignatureDraft,
    sink::Emitted, text,
};
use gateway_model::SecretBytes;
use plugins_abi::Status;

/// Characters of the reason why a plugin could not be loaded.
const MAX_REASON: usize = 1024;

const LOADED: u8 = 1;
const REFUSED: u8 = 2;
const LOG: u8 = 3;
const FATAL: u8 = 4;
const RETURNED: u8 = 5;
const URL: u8 = 6;
const FREED: u8 = 7;
const SIGNED: u8 = 8;
const REFUSED_CALL: u8 = 9;

/// What a plugin says that it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Functions {
    pub(crate) capabilities: u64,
    pub(crate) signs: bool,
}

/// One answer.
pub(crate) enum Response {
    /// The plugin passed the handshake.
    Loaded(Functions),
    /// It did not, or the worker could not be closed in.
    Refused(String),
    /// A message for the log; any number of them before the answer proper.
    Log { level: u32, text: String },
    /// A system call that was refused to the plugin, by its number; told as a message is, if that was asked
    /// for.
    RefusedCall(u32),
    /// The plugin said that it cannot go on.
    Fatal,
    /// What a call returned and emitted.
    Returned {
        status: Status,
        emitted: Emitted,
        made_handle: bool,
    },
    /// What `authorize_url` returned and emitted.
    Url {
        status: Status,
        emitted: Emitted,
        url: Option<Vec<u8>>,
    },
    /// A handle was given back.
    Freed,
    /// What `sign` returned and set.
    Signed {
        status: Status,
        draft: SignatureDraft,
    },
}

impl Response {
    pub(crate) fn encode(&self) -> SecretBytes {
        SecretBytes::new(self.encode_after(Vec::new()))
    }

    /// Its frame behind others.
    pub(crate) fn encode_after(&self, frames: Vec<u8>) -> Vec<u8> {
        let begin = |kind| Writer::after(frames, kind);
        let frame = match self {
            Self::Loaded(functions) => {
                let mut frame = begin(LOADED);
                frame.u64(functions.capabilities);
                frame.flag(functions.signs);
                frame
            }
            Self::Refused(reason) => {
                let mut frame = begin(REFUSED);
                frame.bytes(text::clean(reason, MAX_REASON).as_bytes());
                frame
            }
            Self::Log { level, text } => {
                let mut frame = begin(LOG);
                frame.u32(*level);
                frame.bytes(text.as_bytes());
                frame
            }
            Self::RefusedCall(call) => {
                let mut frame = begin(REFUSED_CALL);
                frame.u32(*call);
                frame
            }
            Self::Fatal => begin(FATAL),
            Self::Returned {
                status,
                emitted,
                made_handle,
            } => {
                let mut frame = begin(RETURNED);
                frame.u32(status.0);
                emitted::write(&mut frame, emitted);
                frame.flag(*made_handle);
                frame
            }
            Self::Url {
                status,
                emitted,
                url,
            } => {
                let mut frame = begin(URL);
                frame.u32(status.0);
                emitted::write(&mut frame, emitted);
                frame.option(url.as_ref(), |frame, url| frame.bytes(url));
                frame
            }
            Self::Freed => begin(FREED),
            Self::Signed { status, draft } => {
                let mut frame = begin(SIGNED);
                frame.u32(status.0);
                emitted::write_draft(&mut frame, draft);
                frame
            }
        };
        frame.into_bytes()
    }

    /// Reads an answer, under the limits of the call that it belongs to.
    pub(crate) fn decode(frame: &[u8], limits: &Limits) -> Result<Self, FrameError> {
        let mut frame = Reader::new(frame);
        let response = match frame.u8()? {
            LOADED => Self::Loaded(Functions {
                capabilities: frame.u64()?,
                signs: frame.flag("mark of a signer")?,
            }),
            REFUSED => {
                // Four bytes a character at most, and the sign of a cut.
                let reason = frame.text(4 * (MAX_REASON + 1), "a reason")?;
                Self::Refused(text::clean(reason, MAX_REASON))
            }
            LOG => {
                let level = frame.u32()?;
                let message = frame.text(4 * (MAX_MESSAGE + 1), "a message")?;
                Self::Log {
                    level,
                    text: text::clean(message, MAX_MESSAGE),
                }
            }
            REFUSED_CALL => Self::RefusedCall(frame.u32()?),
            FATAL => Self::Fatal,
            RETURNED => Self::Returned {
                status: Status(frame.u32()?),
                emitted: emitted::read(&mut frame, limits)?,
                made_handle: frame.flag("mark of a handle")?,
            },
            URL => Self::Url {
                status: Status(frame.u32()?),
                emitted: emitted::read(&mut frame, limits)?,
                url: frame.option("mark of a URL", |frame| {
                    Ok(frame.bytes(MAX_CONSENT_URL, "a URL")?.to_vec())
                })?,
            },
            FREED => Self::Freed,
            SIGNED => Self::Signed {
                status: Status(frame.u32()?),
                draft: emitted::read_draft(&mut frame)?,
            },
            value => return Err(unknown("answer", value)),
        };
        frame.finish()?;
        Ok(response)
    }

    /// Its name in messages.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Loaded(_) => "the news that the plugin is loaded",
            Self::Refused(_) => "a refusal",
            Self::Log { .. } => "a message for the log",
            Self::RefusedCall(_) => "a refused system call",
            Self::Fatal => "the news that it cannot go on",
            Self::Returned { .. } => "the result of a call",
            Self::Url { .. } => "a URL",
            Self::Freed => "the news that a handle was given back",
            Self::Signed { .. } => "a signature",
        }
    }
}

/// The frame of [`Response::RefusedCall`], for a signal handler, which may not take memory.
pub(crate) const fn refused_call_frame(call: u32) -> [u8; 9] {
    let [a, b, c, d] = call.to_le_bytes();
    [5, 0, 0, 0, REFUSED_CALL, a, b, c, d]
}

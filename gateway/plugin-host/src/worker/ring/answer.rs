//! Reads what a worker process answered, from the gateway's own copy.

use crate::{
    Limits,
    context::MAX_MESSAGES,
    sign_call::SignatureDraft,
    worker::codec::{FrameError, Response, split_frame},
};
use plugins_abi::Status;

/// Bytes of the messages for the log in one answer; the worker process leaves out what is longer.
pub(crate) const LOG_BYTES: usize = 16 << 10;

/// One answer.
pub(super) enum Answer {
    /// What the call returned and set.
    Signed(Status, SignatureDraft),
    /// The worker process does not have the instance (any more).
    Gone(String),
    /// The plugin said that it cannot go on.
    Fatal,
}

/// The frames of one answer: messages for the log, then the answer proper.
pub(super) fn read(mut bytes: &[u8], log: impl Fn(u32, &str)) -> Result<Answer, FrameError> {
    // The worker process keeps this limit itself; a plugin that writes to the memory may not.
    for _ in 0..=MAX_MESSAGES + 2 {
        let (frame, left) = split_frame(bytes)?;
        bytes = left;
        let answer = match Response::decode(frame, &Limits::default())? {
            Response::Log { level, text } => {
                log(level, &text);
                continue;
            }
            Response::Fatal => return Ok(Answer::Fatal),
            Response::Signed { status, draft } => Answer::Signed(status, draft),
            Response::Refused(why) => Answer::Gone(why),
            Response::Loaded(_)
            | Response::Returned { .. }
            | Response::Url { .. }
            | Response::Freed
            | Response::RefusedCall(_) => {
                return Err(FrameError::Misplaced("an answer to another call"));
            }
        };
        return if bytes.is_empty() {
            Ok(answer)
        } else {
            Err(FrameError::Trailing)
        };
    }
    let (max, what) = (MAX_MESSAGES as usize + 2, "messages for the log");
    Err(FrameError::TooMany { what, max })
}

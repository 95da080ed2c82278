//! What a call emitted, in a frame.

use super::wire::{FrameError, Reader, Writer, unknown};
use crate::{
    GrantChange, Limits, Violation,
    sign_call::{MAX_BYTES, MAX_FIELDS, SignatureDraft},
    sink::{
        Emission, Emitted, EmittedCredential, EmittedRequest, EmittedSlot, FailureParts,
        MAX_EMISSIONS, MAX_FACTS, MAX_METHOD, MAX_TEXT, OpEnd, UncheckedField, token_facts,
    },
    text,
};
use gateway_model::{Failure, FailureClass, GrantHint, SecretBytes};
use plugins_abi::HeaderFlags;
use std::time::Duration;

const HTTP: u8 = 1;
const TIMER: u8 = 2;
const CANCEL: u8 = 3;

const NO_END: u8 = 0;
const DONE: u8 = 1;
const FAILED: u8 = 2;

const NOT_SINGLE_USE: u8 = 0;
const REPLACED: u8 = 1;
const KEPT: u8 = 2;
const GONE: u8 = 3;

const HOST_DECIDES: u8 = 0;
const UNHARMED: u8 = 1;
const GRANT_REFUSED: u8 = 2;

/// In the order of their numbers.
const CLASSES: [FailureClass; 6] = [
    FailureClass::Transient,
    FailureClass::Rejected,
    FailureClass::Config,
    FailureClass::Protocol,
    FailureClass::Interaction,
    FailureClass::Bug,
];

pub(super) fn write(frame: &mut Writer, emitted: &Emitted) {
    frame.count(emitted.emissions.len());
    for emission in &emitted.emissions {
        write_emission(frame, emission);
    }
    match &emitted.end {
        None => frame.u8(NO_END),
        Some(OpEnd::Done(done)) => {
            frame.u8(DONE);
            write_credential(frame, done);
        }
        Some(OpEnd::Failed(failure)) => {
            frame.u8(FAILED);
            write_failure(frame, failure);
        }
    }
    frame.option(emitted.violation.as_ref(), write_violation);
}

fn write_violation(frame: &mut Writer, violation: &Violation) {
    frame.bytes(violation.code().as_bytes());
    frame.bytes(text::clean(&violation.to_string(), MAX_TEXT).as_bytes());
}

/// What a signature set.
pub(super) fn write_draft(frame: &mut Writer, draft: &SignatureDraft) {
    frame.count(draft.fields.len());
    for (name, value) in &draft.fields {
        frame.bytes(name.as_str().as_bytes());
        frame.bytes(value.as_bytes());
    }
    frame.option(draft.failure.as_ref(), write_failure);
    frame.option(draft.violation.as_ref(), write_violation);
}

fn write_emission(frame: &mut Writer, emission: &Emission) {
    match emission {
        Emission::Http(request) => {
            frame.u8(HTTP);
            frame.u64(request.id);
            frame.bytes(&request.method);
            frame.bytes(&request.url);
            write_fields(frame, &request.fields);
            frame.bytes(&request.body);
            frame.u32(request.timeout_ms);
        }
        Emission::Timer { id, delay_ms } => {
            frame.u8(TIMER);
            frame.u64(*id);
            frame.u64(*delay_ms);
        }
        Emission::Cancel { id } => {
            frame.u8(CANCEL);
            frame.u64(*id);
        }
    }
}

fn write_fields(frame: &mut Writer, fields: &[UncheckedField]) {
    frame.count(fields.len());
    for (name, value) in fields {
        frame.bytes(name);
        frame.bytes(value);
    }
}

fn write_credential(frame: &mut Writer, done: &EmittedCredential) {
    write_fields(frame, &done.fields);
    frame.u64(done.ttl_ms);
    frame.u64(done.refresh_after_ms);
    frame.bytes(done.state.expose());
    frame.flag(done.query);
    match done.grant {
        GrantChange::NotSingleUse => frame.u8(NOT_SINGLE_USE),
        GrantChange::Replaced { lifetime } => {
            frame.u8(REPLACED);
            frame.option(lifetime, |frame, time| frame.u64(millis(time)));
        }
        GrantChange::Kept => frame.u8(KEPT),
        GrantChange::Gone => frame.u8(GONE),
    }
    // Text fields of printable ASCII and numbers: there is nothing in them that JSON could refuse.
    frame.bytes(&serde_json::to_vec(&done.facts).unwrap_or_default());
    frame.count(done.slots.len());
    for slot in &done.slots {
        frame.u32(slot.place);
        write_fields(frame, &slot.fields);
        frame.u64(slot.ttl_ms);
        frame.option(slot.failure.as_ref(), write_failure);
    }
}

fn write_failure(frame: &mut Writer, failure: &Failure) {
    frame.u8(match failure.class {
        FailureClass::Transient => 0,
        FailureClass::Rejected => 1,
        FailureClass::Config => 2,
        FailureClass::Protocol => 3,
        FailureClass::Interaction => 4,
        FailureClass::Bug => 5,
    });
    frame.bytes(failure.code.as_bytes());
    frame.bytes(failure.message.as_bytes());
    frame.u64(failure.retry_after.map_or(0, millis));
    frame.u8(match failure.grant {
        GrantHint::HostDecides => HOST_DECIDES,
        GrantHint::Unharmed => UNHARMED,
        GrantHint::Refused => GRANT_REFUSED,
    });
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn read(frame: &mut Reader<'_>, limits: &Limits) -> Result<Emitted, FrameError> {
    let emissions = frame.list(MAX_EMISSIONS, "emissions in one call", |frame| {
        read_emission(frame, limits)
    })?;
    let end = match frame.u8()? {
        NO_END => None,
        DONE => Some(OpEnd::Done(read_credential(frame, limits)?)),
        FAILED => Some(OpEnd::Failed(read_failure(frame)?)),
        value => return Err(unknown("end", value)),
    };
    Ok(Emitted {
        emissions,
        end,
        violation: frame.option("mark of a violation", read_violation)?,
    })
}

fn read_violation(frame: &mut Reader<'_>) -> Result<Violation, FrameError> {
    let code = frame.text(MAX_TEXT, "a code")?;
    let text = text::clean(frame.text(4 * (MAX_TEXT + 1), "a violation")?, MAX_TEXT);
    Violation::reported(code, text).ok_or(FrameError::Misplaced("a violation's code"))
}

/// What a signature set, through the same checks as in the gateway's process.
pub(super) fn read_draft(frame: &mut Reader<'_>) -> Result<SignatureDraft, FrameError> {
    let mut draft = SignatureDraft::default();
    frame.list(MAX_FIELDS, "fields of a signature", |frame| {
        let name = frame.bytes(MAX_BYTES, "a field's name")?;
        let set = draft.set(name, frame.bytes(MAX_BYTES, "a field's value")?);
        set.map_err(|_| FrameError::Misplaced("a field of a signature"))
    })?;
    draft.failure = frame.option("mark of a failure", read_failure)?;
    draft.violation = frame.option("mark of a violation", read_violation)?;
    Ok(draft)
}

fn read_emission(frame: &mut Reader<'_>, limits: &Limits) -> Result<Emission, FrameError> {
    match frame.u8()? {
        HTTP => Ok(Emission::Http(EmittedRequest {
            id: frame.u64()?,
            method: frame.bytes(MAX_METHOD, "a method")?.to_vec(),
            url: frame.bytes(limits.url, "a URL")?.to_vec(),
            fields: read_fields(frame, limits)?,
            body: frame
                .bytes(limits.request, "a request's content")?
                .to_vec()
                .into(),
            timeout_ms: frame.u32()?,
        })),
        TIMER => Ok(Emission::Timer {
            id: frame.u64()?,
            delay_ms: frame.u64()?,
        }),
        CANCEL => Ok(Emission::Cancel { id: frame.u64()? }),
        value => Err(unknown("emission", value)),
    }
}

fn read_fields(frame: &mut Reader<'_>, limits: &Limits) -> Result<Vec<UncheckedField>, FrameError> {
    frame.list(limits.fields, "header fields", |frame| {
        let name = frame.bytes(limits.field, "a field's name")?.to_vec();
        Ok((name, frame.bytes(limits.field, "a field's value")?.to_vec()))
    })
}

fn read_credential(
    frame: &mut Reader<'_>,
    limits: &Limits,
) -> Result<EmittedCredential, FrameError> {
    Ok(EmittedCredential {
        fields: read_fields(frame, limits)?,
        ttl_ms: frame.u64()?,
        refresh_after_ms: frame.u64()?,
        state: SecretBytes::new(frame.bytes(limits.state, "a state")?.to_vec()),
        query: frame.flag("mark of a query")?,
        grant: match frame.u8()? {
            NOT_SINGLE_USE => GrantChange::NotSingleUse,
            REPLACED => GrantChange::Replaced {
                lifetime: frame.option("mark of a lifetime", |frame| {
                    frame.u64().map(Duration::from_millis)
                })?,
            },
            KEPT => GrantChange::Kept,
            GONE => GrantChange::Gone,
            value => return Err(unknown("change of a grant", value)),
        },
        facts: token_facts(frame.bytes(MAX_FACTS, "the facts of a token")?)
            .map_err(|_| FrameError::Misplaced("facts of a token"))?,
        slots: frame.list(HeaderFlags::MAX_SLOTS, "slots", |frame| {
            Ok(EmittedSlot {
                place: frame.u32()?,
                fields: read_fields(frame, limits)?,
                ttl_ms: frame.u64()?,
                failure: frame.option("mark of a failure", read_failure)?,
            })
        })?,
    })
}

fn read_failure(frame: &mut Reader<'_>) -> Result<Failure, FrameError> {
    let class = frame.u8()?;
    let class = CLASSES.get(usize::from(class)).copied();
    let parts = FailureParts {
        class: class.ok_or(FrameError::Misplaced("a class of failure"))?,
        code: frame.bytes(MAX_TEXT, "a code")?,
        // Four bytes a character at most, and the sign of a cut.
        message: frame.bytes(4 * (MAX_TEXT + 1), "a message")?,
        retry_after: Duration::from_millis(frame.u64()?),
        grant: match frame.u8()? {
            HOST_DECIDES => GrantHint::HostDecides,
            UNHARMED => GrantHint::Unharmed,
            GRANT_REFUSED => GrantHint::Refused,
            value => return Err(unknown("word about a grant", value)),
        },
    };
    Ok(parts.clean())
}

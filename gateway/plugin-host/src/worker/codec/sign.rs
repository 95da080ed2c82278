//! A request to sign, in a frame of the channel or in shared memory.

use super::{
    MAX_FRAME,
    wire::{FrameError, Reader},
};
use crate::{
    SignBody, Signing,
    sign_call::{self, SignArgs, sha256},
};
use gateway_model::SignRequest;

/// What bytes are appended to.
pub(crate) trait Put {
    fn put(&mut self, bytes: &[u8]);
}

impl Put for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes what the manifest names of a request: a signer has no business with the other fields.
pub(crate) fn write_request(to: &mut impl Put, request: &SignRequest<'_>, wanted: &Signing) {
    text(to, request.method.as_str().as_bytes());
    text(to, request.authority.as_bytes());
    text(to, request.path_and_query.as_bytes());
    let named = || {
        let names = wanted.headers.iter();
        names
            .flat_map(|name| (request.headers.get_all(name).iter()).map(move |value| (name, value)))
    };
    length(to, named().count());
    for (name, value) in named() {
        text(to, name.as_str().as_bytes());
        text(to, value.as_bytes());
    }
    match wanted.body {
        SignBody::Bytes => {
            length(to, request.body.iter().map(bytes::Bytes::len).sum());
            request.body.iter().for_each(|piece| to.put(piece));
        }
        SignBody::None | SignBody::Sha256 => length(to, 0),
    }
    match wanted.body {
        SignBody::Sha256 => {
            to.put(&[1]);
            text(to, sha256(request.body).as_ref());
        }
        SignBody::None | SignBody::Bytes => to.put(&[0]),
    }
    text(to, request.state);
}

fn text(to: &mut impl Put, bytes: &[u8]) {
    length(to, bytes.len());
    to.put(bytes);
}

fn length(to: &mut impl Put, length: usize) {
    // Saturated: the reader refuses such a length, as it must.
    to.put(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

/// Reads what [`write_request`] wrote.
pub(crate) fn read_request(from: &[u8]) -> Result<SignArgs<'_>, FrameError> {
    const MAX: usize = MAX_FRAME;
    let mut frame = Reader::new(from);
    let args = SignArgs {
        method: frame.bytes(MAX, "a method")?,
        authority: frame.bytes(MAX, "an authority")?,
        path_and_query: frame.bytes(MAX, "a path")?,
        headers: {
            let mut headers = sign_call::no_headers();
            for _ in 0..frame.u32()? {
                let name = frame.bytes(MAX, "a field's name")?;
                headers.push(sign_call::header(
                    name,
                    frame.bytes(MAX, "a field's value")?,
                ));
            }
            headers
        },
        body: frame.bytes(MAX, "a body")?,
        body_sha256: frame.option("mark of a digest", |frame| {
            let digest = frame.bytes(32, "a digest")?.try_into();
            digest.map_err(|_| FrameError::Truncated)
        })?,
        state: frame.bytes(MAX, "a state")?,
    };
    frame.finish()?;
    Ok(args)
}

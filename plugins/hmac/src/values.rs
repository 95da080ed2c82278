//! What stands in the places of a template, for one request.

use crate::{
    config::Account,
    key::Encoding,
    moment::{http_date, iso8601},
    template::Place,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use plugins_sdk::{Class, Error, Result, SignRequest};
use sha2::Sha256;

/// From which the nonces are made: as long as the digest of the HMAC that makes them.
pub(crate) const SEED: usize = 32;

/// The values of one request. Only those that the account's templates use are made.
pub(crate) struct Values<'a> {
    request: &'a SignRequest<'a>,
    account: &'a Account,
    path: &'a [u8],
    query: &'a [u8],
    content_type: &'a [u8],
    date: String,
    iso8601: String,
    unix: String,
    unix_ms: String,
    nonce: String,
    body_hex: String,
    body_base64: String,
    pub(crate) signature: String,
}

impl<'a> Values<'a> {
    pub(crate) fn new(request: &'a SignRequest<'a>, account: &'a Account) -> Result<Self> {
        let target = request.path_and_query;
        let mark = target.iter().position(|byte| *byte == b'?');
        let (path, query) = match mark {
            Some(at) => (&target[..at], &target[at + 1..]),
            None => (target, &b""[..]),
        };
        let when = |place, make: &dyn Fn() -> Option<String>| {
            if account.uses(place) {
                make().ok_or_else(|| unsignable("the gateway's clock is past the year 9999"))
            } else {
                Ok(String::new())
            }
        };
        let now = request.unix_ms;
        Ok(Self {
            request,
            account,
            path,
            query,
            content_type: request.headers.first().map_or(&b""[..], |(_, value)| value),
            date: when(Place::Date, &|| http_date(now))?,
            iso8601: when(Place::Iso8601, &|| iso8601(now))?,
            unix: when(Place::Unix, &|| Some((now / 1000).to_string()))?,
            unix_ms: when(Place::UnixMs, &|| Some(now.to_string()))?,
            nonce: if account.uses(Place::Nonce) {
                nonce(request)?
            } else {
                String::new()
            },
            body_hex: body(request, account, Place::BodySha256, Encoding::Hex)?,
            body_base64: body(request, account, Place::BodySha256Base64, Encoding::Base64)?,
            signature: String::new(),
        })
    }

    pub(crate) fn of(&self, place: Place) -> &[u8] {
        match place {
            Place::Method => self.request.method,
            Place::Authority => self.request.authority,
            Place::Path => self.path,
            Place::Query => self.query,
            Place::Target => self.request.path_and_query,
            Place::Date => self.date.as_bytes(),
            Place::Iso8601 => self.iso8601.as_bytes(),
            Place::Unix => self.unix.as_bytes(),
            Place::UnixMs => self.unix_ms.as_bytes(),
            Place::Nonce => self.nonce.as_bytes(),
            Place::BodySha256 => self.body_hex.as_bytes(),
            Place::BodySha256Base64 => self.body_base64.as_bytes(),
            Place::ContentType => self.content_type,
            Place::ClientId => self.account.client_id.as_bytes(),
            Place::AccountNumber => self.account.account_number.as_bytes(),
            Place::Signature => self.signature.as_bytes(),
        }
    }
}

fn body(
    request: &SignRequest<'_>,
    account: &Account,
    place: Place,
    encoding: Encoding,
) -> Result<String> {
    if !account.uses(place) {
        return Ok(String::new());
    }
    // The manifest asks for it, so a gateway that has none cannot be worked with.
    let digest = request.body_sha256;
    let digest = digest.ok_or_else(|| unsignable("the content's digest is missing"))?;
    Ok(encoding.write(digest))
}

/// 32 hexadecimal digits, of the request and the credential's seed: a signer draws no random numbers. Two equal
/// requests in one millisecond have one nonce.
fn nonce(request: &SignRequest<'_>) -> Result<String> {
    let seed = Some(request.state).filter(|state| state.len() == SEED);
    let mac = seed.and_then(|seed| Hmac::<Sha256>::new_from_slice(seed).ok());
    let mut mac = mac.ok_or_else(|| unsignable("the credential has no seed for nonces"))?;
    for part in [request.method, request.authority, request.path_and_query] {
        mac.update(part);
        // No part can hold one, so no two requests give the same text.
        mac.update(b"\n");
    }
    mac.update(&request.unix_ms.to_be_bytes());
    mac.update(request.body_sha256.map_or(&[][..], |digest| digest));
    let digest = mac.finalize().into_bytes();
    Ok(Encoding::Hex.write(&digest[..16]))
}

pub(crate) fn unsignable(why: &'static str) -> Error {
    Error::new(Class::Protocol, "unsignable", why)
}

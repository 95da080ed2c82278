//! A carrier that wants every request signed: Acme Parcels, which does not exist.
//!
//! Acme has no token endpoint. A client draws a session name, sends it as `Acme-Session`, and signs
//! each request under its secret: `Acme-Signature` is the client's id, a colon, and in base64 the
//! HMAC-SHA256 of these lines, each but the last ended by a line feed:
//!
//! method, authority, path with query, `Date`, session, `Content-Type`, SHA-256 of the content.
//!
//! What to look at: the key is prepared once in [`CarrierAuth::new`]; the session travels in the
//! credential's state, so a signature always fits the credential beside it; `sign` asks no other thread and
//! locks nothing. Not worth copying for production: a session that the carrier never saw.
#![forbid(unsafe_code)]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderName, header};
use plugins_sdk::{
    CarrierAuth, Class, Context, Credential, Error, Result, Secret, SignOut, SignRequest,
};
use sha2::Sha256;
use std::time::{Duration, UNIX_EPOCH};

/// What the gateway reads without running any code of the plugin.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

const SESSION: HeaderName = HeaderName::from_static("acme-session");
const SIGNATURE: HeaderName = HeaderName::from_static("acme-signature");
/// A session lasts an hour.
const LIFETIME: Duration = Duration::from_secs(3600);
/// A key that is easier to guess than the digest is to invert would be the weak part.
const MIN_SECRET: usize = 16;

/// The last millisecond that a date field can name.
const LAST_DATE: u64 = 253_402_300_799_999;

/// One account's configuration.
#[derive(serde::Deserialize)]
pub struct Config {
    client_id: String,
    client_secret: Secret,
}

/// One configured account.
pub struct Acme {
    client_id: String,
    /// The key, already mixed in: a signature begins with a copy of it.
    key: Hmac<Sha256>,
}

impl CarrierAuth for Acme {
    type Config = Config;
    const SIGNS: bool = true;

    fn new(config: Config) -> Result<Self> {
        let secret = config.client_secret.expose();
        if secret.len() < MIN_SECRET {
            let message = "client_secret: shorter than 16 characters";
            return Err(Error::config("client_secret", message));
        }
        // It becomes part of a field's value.
        let fits = |b: u8| b.is_ascii_graphic() && b != b':';
        if config.client_id.is_empty() || !config.client_id.bytes().all(fits) {
            let message = "client_id: empty, or with a space, a colon or a letter outside ASCII";
            return Err(Error::config("client_id", message));
        }
        let key = Hmac::new_from_slice(secret.as_bytes())
            .map_err(|_| Error::config("client_secret", "client_secret: no key"))?;
        Ok(Self {
            client_id: config.client_id,
            key,
        })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let mut drawn = [0; 18];
        cx.random(&mut drawn)?;
        let session = STANDARD.encode(drawn);
        Ok(Credential::empty()
            .header(SESSION, &session)?
            .state(session.as_bytes())
            .expires_in(Some(LIFETIME)))
    }

    fn sign(&self, request: &SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
        let Some(content) = request.body_sha256 else {
            // The manifest asks for it, so a gateway that has none cannot be worked with.
            return Err(unsignable("the content's digest is missing"));
        };
        if request.unix_ms > LAST_DATE {
            return Err(unsignable("the gateway's clock is past the year 9999"));
        }
        let at = UNIX_EPOCH + Duration::from_millis(request.unix_ms);
        let date = httpdate::fmt_http_date(at);
        // The only field that the manifest asks for.
        let kind = request.headers.first().map_or(&b""[..], |(_, kind)| kind);
        let mut mac = self.key.clone();
        for line in [
            request.method,
            request.authority,
            request.path_and_query,
            date.as_bytes(),
            request.state,
            kind,
        ] {
            mac.update(line);
            // None of them can hold one, so no two requests sign the same text.
            mac.update(b"\n");
        }
        mac.update(content);
        let mut signature = format!("{}:", self.client_id);
        STANDARD.encode_string(mac.finalize().into_bytes(), &mut signature);
        out.set_header(&header::DATE, &date)?;
        out.set_header(&SIGNATURE, &signature)
    }
}

fn unsignable(why: &'static str) -> Error {
    Error::new(Class::Protocol, "unsignable", why)
}

//! The gateway's own tokens for apps: short JWTs (HS256), and what a worker remembers of them.

use foldhash::quality::RandomState;
use gateway_model::SecretBytes;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

const ISSUER: &str = "waybill";
/// Tokens remembered by one worker. Beyond it the memory starts anew: no attacker can fill it, since
/// only tokens that verified get in.
const REMEMBERED: usize = 16_384;
/// Longer texts are not tokens of this gateway.
const MAX_TOKEN: usize = 2048;

/// Whom a token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A registered app, by its place in the index.
    App(usize),
    /// A caller without a registered app, that fetched its token over a trusted listener.
    Anonymous,
}

/// What a bearer token turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Issued by this gateway, and valid.
    Good(Holder),
    /// Issued by this gateway, but expired, or its app is gone.
    Stale,
    /// Not made by this gateway.
    Foreign,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: u64,
    exp: u64,
    jti: String,
    /// The caller was not asked who it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    anonymous: bool,
}

/// One worker's issuer and verifier.
pub(crate) struct AppTokens {
    header: Header,
    /// What every token of this gateway begins with: foreign ones are told apart without cryptography.
    prefix: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// Tokens that verified, and until when they are good. Belongs to one index: holders are places in it.
/// The whole token is the key, so that nothing but the very same text is found.
#[derive(Debug, Default)]
pub(crate) struct VerifiedTokens(HashMap<Box<str>, (Holder, Instant), RandomState>);

impl AppTokens {
    pub(crate) fn new(key: &SecretBytes) -> Self {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(ISSUER.to_owned());
        let encoding = EncodingKey::from_secret(key.expose());
        // Named, so that no token can choose its own algorithm (RFC 8725 section 3.1).
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        // The library would read the system's clock; `verify` compares with the given one.
        validation.validate_exp = false;
        // Of a token without content: all of this gateway's begin alike, because the head is the same.
        let prefix = jsonwebtoken::encode(&header, &(), &encoding).unwrap_or_default();
        let prefix = prefix
            .split('.')
            .next()
            .map(|head| format!("{head}."))
            .unwrap_or_default();
        Self {
            header,
            prefix,
            encoding,
            decoding: DecodingKey::from_secret(key.expose()),
            validation,
        }
    }

    /// Issues a token; `None` if it could not be signed.
    pub(crate) fn issue(
        &self,
        subject: &str,
        anonymous: bool,
        id: &str,
        wall: SystemTime,
        lifetime: Duration,
    ) -> Option<String> {
        let iat = unix(wall);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: subject.to_owned(),
            iat,
            exp: iat.saturating_add(lifetime.as_secs()),
            jti: id.to_owned(),
            anonymous,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.encoding).ok()
    }

    /// Tells whose token this is. Costs one look-up once the token is known.
    pub(crate) fn verify(
        &self,
        VerifiedTokens(remembered): &mut VerifiedTokens,
        token: &str,
        now: Instant,
        wall: impl FnOnce() -> SystemTime,
        app: impl FnOnce(&str) -> Option<usize>,
    ) -> Verdict {
        // The length before any cryptography, since anybody can send a long text.
        if !token.starts_with(&self.prefix) || token.len() > MAX_TOKEN {
            return Verdict::Foreign;
        }
        // The expiry is checked at each use: remembering must not prolong a token.
        if let Some((holder, expires_at)) = remembered.get(token) {
            return if now < *expires_at {
                Verdict::Good(*holder)
            } else {
                Verdict::Stale
            };
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        // What does not verify is foreign, not stale: this gateway did not issue it.
        let Ok(claims) = decoded.map(|data| data.claims) else {
            return Verdict::Foreign;
        };
        let left = Duration::from_secs(claims.exp.saturating_sub(unix(wall())));
        let holder = if claims.anonymous {
            Some(Holder::Anonymous)
        } else {
            // By the text in the claim: a place in the index would mean another app after a change.
            app(&claims.sub).map(Holder::App)
        };
        let (Some(holder), false) = (holder, left.is_zero()) else {
            return Verdict::Stale;
        };
        // Only verified tokens are remembered, so that forged ones cannot push others out.
        // Emptied whole: all that it costs is that tokens are verified once more.
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(token.into(), (holder, now + left));
        Verdict::Good(holder)
    }
}

fn unix(wall: SystemTime) -> u64 {
    wall.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

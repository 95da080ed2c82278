//! Makes token texts: the signed access token and the opaque strings beside it.

use std::sync::{LazyLock, Mutex, PoisonError};

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::error_envelope::push_json_string;

/// The key id in UPS's tokens; the same one was seen in both environments.
const KEY_ID: &str = "64c4b620-2faa-4356-b041-f3a0f36cc1fa";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Read once: reading and checking the key takes as long as signing with it.
static SIGNING_KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    let pem = include_bytes!("../../fixtures/mock-only-rsa-key.pem");
    PrivatePkcs8KeyDer::from_pem_slice(pem)
        .ok()
        .and_then(|key| RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok())
        .expect("the embedded key is a PKCS#8 RSA key; a test signs with it")
});

static HEADER: LazyLock<String> = LazyLock::new(|| {
    // RS384 and this member order are what UPS's tokens have; clients that peek at the header see the same.
    URL_SAFE_NO_PAD.encode(format!(r#"{{"kid":"{KEY_ID}","typ":"JWT","alg":"RS384"}}"#))
});

/// Reads the key and lets the signer gather its entropy, which takes a tenth of a second once per
/// process and would otherwise delay the first token.
pub(crate) fn warm_up() {
    // Whether it works shows when a token is asked for.
    let _ = signature(HEADER.as_bytes());
}

/// The RS384 signature of a message, in base64url.
fn signature(message: &[u8]) -> Result<String, Unspecified> {
    // RSA signatures are as long as the modulus.
    let mut signature = vec![0; SIGNING_KEY.public_modulus_len()];
    SIGNING_KEY.sign(
        &RSA_PKCS1_SHA384,
        // PKCS#1 signatures are deterministic; the generator blinds the private key.
        &SystemRandom::new(),
        message,
        &mut signature,
    )?;
    Ok(URL_SAFE_NO_PAD.encode(signature))
}

/// What an access token says about itself.
pub(crate) struct Claims<'a> {
    pub(crate) user: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) merchant_id: Option<&'a str>,
    pub(crate) app_name: &'a str,
    pub(crate) scope: Option<&'a str>,
    /// Seconds since 1970.
    pub(crate) issued_at: i64,
    /// Seconds; `exp - iat`.
    pub(crate) lifetime: i64,
}

/// The length of the tokens on record is 1.2 to 1.4 KB; what makes them so long is not known. Header
/// buffers care, so a claim that says what it is brings ours to the same length.
const TOKEN_LENGTH: usize = 1_280;
/// The length of an RS384 signature by a 2048-bit key in base64url.
const SIGNATURE_LENGTH: usize = 342;

fn pad(json: &mut String) {
    // Base64 makes four characters of three bytes, and two dots join the parts.
    let payload = TOKEN_LENGTH.saturating_sub(HEADER.len() + SIGNATURE_LENGTH + 2) * 3 / 4;
    let claim = r#","mock":"""#;
    // One more byte for the brace that follows.
    let missing = payload.saturating_sub(json.len() + claim.len() + 1);
    if missing > 0 {
        json.push_str(r#","mock":""#);
        json.extend("padding-".chars().cycle().take(missing));
        json.push('"');
    }
}

/// The source of everything random in one mock, so that a seed repeats a run.
pub(crate) struct Issuer {
    rng: Mutex<StdRng>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuer")
    }
}

impl Issuer {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            // Seeded, not from the system: a run can be repeated with the same tokens.
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    /// A signed access token, claims in the order of the recorded ones.
    pub(crate) fn access_token(&self, claims: &Claims<'_>) -> Result<String, Unspecified> {
        // The order of claims is that of recorded tokens, for clients that compare shapes.
        let mut json = String::with_capacity(640);
        json.push('{');
        let mut string = |name: &str, value: &str| {
            if json.len() > 1 {
                json.push(',');
            }
            push_json_string(&mut json, name);
            json.push(':');
            push_json_string(&mut json, value);
        };
        string("sub", claims.user);
        string("clientid", claims.client_id);
        // Only when the client sent `x-merchant-id`.
        if let Some(merchant_id) = claims.merchant_id {
            string("mer_id", merchant_id);
        }
        string("iss", "https://apis.ups.com");
        string("uuid", &self.uuid());
        string("sid", KEY_ID);
        string("aud", claims.app_name);
        string("at", &self.alphanumeric(28));
        json.push_str(&format!(r#","nbf":{}"#, claims.issued_at));
        let mut string = |name: &str, value: &str| {
            json.push(',');
            push_json_string(&mut json, name);
            json.push(':');
            push_json_string(&mut json, value);
        };
        if let Some(scope) = claims.scope {
            string("scope", scope);
        }
        string("DisplayName", claims.app_name);
        // One second more than `expires_in` says, as in recorded tokens.
        let expires_at = claims.issued_at.saturating_add(claims.lifetime);
        json.push_str(&format!(
            r#","exp":{expires_at},"iat":{}"#,
            claims.issued_at
        ));
        json.push_str(&format!(r#","jti":"{}""#, self.uuid()));
        pad(&mut json);
        json.push('}');
        let message = format!("{}.{}", *HEADER, URL_SAFE_NO_PAD.encode(json));
        let signature = signature(message.as_bytes())?;
        Ok(format!("{message}.{signature}"))
    }

    /// A refresh token: opaque, shaped like UPS's (base64 twice, around a "Salted__" blob).
    pub(crate) fn refresh_token(&self) -> String {
        let mut blob = b"Salted__".to_vec();
        // 55 bytes bring the text to the recorded length of about 156.
        let mut random = [0_u8; 55];
        self.fill(&mut random);
        blob.extend_from_slice(&random);
        let inner = format!("{}-{}", self.alphanumeric(32), STANDARD.encode(blob));
        STANDARD.encode(inner)
    }

    /// An authorization code. No public shape is known; this one is ours.
    pub(crate) fn code(&self, length: u16) -> String {
        // At least one character, as an empty code could not be presented.
        self.alphanumeric(usize::from(length.clamp(1, 1_024)))
    }

    pub(crate) fn alphanumeric(&self, length: usize) -> String {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        (0..length)
            .map(|_| char::from(ALPHANUMERIC[rng.random_range(0..ALPHANUMERIC.len())]))
            .collect()
    }

    pub(crate) fn uuid(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    /// A number from 0 up to but not including 1.
    pub(crate) fn chance(&self) -> f64 {
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random::<f64>()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Claims, Issuer};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn token(seed: u64) -> String {
        let claims = Claims {
            user: "merchant",
            client_id: "mock-client",
            merchant_id: Some("A1B2C3"),
            app_name: "Mock Shop",
            scope: None,
            issued_at: 1_706_710_138,
            lifetime: 14_400,
        };
        Issuer::new(seed)
            .access_token(&claims)
            .expect("the key signs")
    }

    #[test]
    fn access_token_has_the_observed_claims_in_order() {
        let token = token(1);
        let mut parts = token.split('.');
        let mut decoded = || {
            let part = URL_SAFE_NO_PAD
                .decode(parts.next().expect("a part"))
                .expect("base64url");
            String::from_utf8(part).expect("text")
        };
        assert_eq!(
            decoded(),
            r#"{"kid":"64c4b620-2faa-4356-b041-f3a0f36cc1fa","typ":"JWT","alg":"RS384"}"#
        );
        let claims = decoded();
        let names = [
            "sub",
            "clientid",
            "mer_id",
            "iss",
            "uuid",
            "sid",
            "aud",
            "at",
            "nbf",
            "DisplayName",
            "exp",
            "iat",
            "jti",
        ];
        let places: Vec<_> = names
            .iter()
            .map(|name| claims.find(&format!("\"{name}\":")))
            .collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{claims}"
        );
        assert!((1_276..=1_280).contains(&token.len()), "{}", token.len());
    }

    #[test]
    fn same_seed_makes_the_same_token() {
        assert_eq!(token(7), token(7));
        assert_ne!(token(7), token(8));
    }

    #[test]
    fn refresh_token_has_the_observed_length() {
        assert_eq!(Issuer::new(1).refresh_token().len(), 156);
    }
}

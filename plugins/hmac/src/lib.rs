//! Signs every request by HMAC. Algorithm, text and header fields come from the configuration, for carriers that
//! have no plugin of their own.
#![forbid(unsafe_code)]

mod config;
mod key;
mod moment;
mod template;
mod values;

pub use config::Config;
pub use key::{Algorithm, Encoding, KeyEncoding};

use config::Account;
use http::HeaderValue;
use plugins_sdk::{CarrierAuth, Context, Credential, Result, SignOut, SignRequest};
use template::Place;
use values::{SEED, Values, unsignable};

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"));

/// One key.
pub struct HmacSigner {
    account: Account,
}

impl CarrierAuth for HmacSigner {
    type Config = Config;
    const SIGNS: bool = true;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    /// There is nothing to obtain. The state holds the seed of the nonces, because `sign` draws no random
    /// numbers.
    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let mut seed = Vec::new();
        if self.account.uses(Place::Nonce) {
            seed.resize(SEED, 0);
            cx.random(&mut seed)?;
        }
        // A credential has at least one field. The signature replaces this one, or the request is not sent.
        let unsigned = HeaderValue::from_static("unsigned");
        let fields = self.account.fields.iter().take(1);
        let credential = fields.fold(Credential::empty(), |credential, (name, _)| {
            credential.field(name.clone(), unsigned.clone())
        });
        Ok(credential.state(&seed))
    }

    fn sign(&self, request: &SignRequest<'_>, out: &mut SignOut<'_>) -> Result<()> {
        let account = &self.account;
        let mut values = Values::new(request, account)?;
        let text = account.text.filled(&values);
        values.signature = account.key.sign(&text, account.encoding);
        for (name, template) in &account.fields {
            // An app's `Content-Type` may have any byte; it must not count as a fault of the plugin.
            let fits = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
            let value = String::from_utf8(template.filled(&values)).ok();
            let value = value.filter(|value| value.bytes().all(fits));
            let value = value.ok_or_else(|| unsignable("a part of the request is not ASCII"))?;
            out.set_header(name, &value)?;
        }
        Ok(())
    }
}

//! USPS authentication: OAuth 2.0 with requests in JSON, the consent of a USPS customer, and a second
//! credential for labels, the payment authorization.
//!
//! `config.rs` checks one account's configuration, `token.rs` makes the token requests, and `payment.rs`
//! fills the slot `payment`.
#![forbid(unsafe_code)]

mod config;
mod payment;
mod refusals;
mod token;

pub use config::{AccountType, Config};

use config::Account;
use plugins_sdk::{
    CarrierAuth, ConsentRequest, Context, Credential, Result, Slot,
    oauth::{ChallengeMethod, GrantRequest, consent_url},
};

/// What the gateway reads about this plugin without running it.
pub const MANIFEST: &str = plugins_sdk::manifest!(include_str!("../manifest.json"), needs: slots);

/// The payment authorization, which labels need.
pub const PAYMENT: Slot = Slot::of(MANIFEST, "payment");

/// One USPS app, and the business that it acts for.
pub struct Usps {
    account: Account,
}

impl CarrierAuth for Usps {
    type Config = Config;

    const CONSENTS: bool = true;

    fn new(config: Config) -> Result<Self> {
        let account = Account::new(config)?;
        Ok(Self { account })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let account = &self.account;
        let (token, credential) = match account.grant.request(cx.reason(), "USPS")? {
            GrantRequest::ClientCredentials => token::client_credentials(account, cx).await?,
            GrantRequest::Code => token::code(account, cx).await?,
            GrantRequest::Refresh => token::refresh(account, cx).await?,
        };
        // After the token, and with no way to fail the credential: every other call works without it.
        let payment = payment::authorize(account, cx, &token).await;
        Ok(credential.slot(PAYMENT, payment))
    }

    fn authorize_url(&self, request: &ConsentRequest) -> Result<String> {
        self.account.grant.consents()?;
        // USPS's instructions for its onboarding portal know no PKCE, so the method is not named.
        consent_url(
            self.account.authorize_url.clone(),
            &self.account.client_id,
            ChallengeMethod::Implied,
            request,
        )
    }
}

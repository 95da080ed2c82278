//! A test kit for authors: a scripted carrier, a clock and randomness that never differ.
//!
//! ```
//! use plugins_sdk::testing::{Script, post, response};
//! # use plugins_sdk::{CarrierAuth, Context, Credential, Result, oauth};
//! # struct Acme;
//! # impl CarrierAuth for Acme {
//! #     type Config = std::collections::BTreeMap<String, String>;
//! #     fn new(_: Self::Config) -> Result<Self> { Ok(Self) }
//! #     async fn authorize(&self, cx: &Context) -> Result<Credential> {
//! #         let url = oauth2::TokenUrl::new("https://api.acme.example/token".into()).unwrap();
//! #         let answer = oauth::client("id")
//! #             .set_client_secret(oauth2::ClientSecret::new("hush".into()))
//! #             .set_token_uri(url)
//! #             .exchange_client_credentials().request_async(cx.http()).await?;
//! #         use oauth2::TokenResponse;
//! #         let lifetime = answer.expires_in();
//! #         Ok(Credential::bearer(answer.access_token().secret())?.expires_in(lifetime))
//! #     }
//! # }
//! let credential = Script::new()
//!     .expect(post("/token").basic("id", "hush"))
//!     .reply(response(200, r#"{"access_token":"abc","expires_in":"3600"}"#))
//!     .run::<Acme>("{}")
//!     .unwrap();
//! assert_eq!(credential.lifetime().unwrap().as_secs(), 3600);
//! ```

mod expect;
mod script;
mod sign;

pub use expect::{Expect, get, post};
pub use script::{Network, Reply, Script, network, response};
pub use sign::sign;

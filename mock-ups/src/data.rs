//! The people, accounts and apps that the mock knows at the start.

use serde::{Deserialize, Serialize};

use crate::api::Environment;

/// The seeded data: what `--data FILE` replaces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedData {
    /// ups.com users.
    #[serde(default, rename = "user")]
    pub users: Vec<SeedUser>,
    /// Applications registered at developer.ups.com.
    #[serde(default, rename = "app")]
    pub apps: Vec<SeedApp>,
}

/// A ups.com user with their shipper accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// The user id, which becomes `sub` in tokens.
    pub name: String,
    /// The password for the login page.
    pub password: String,
    /// The user's accounts.
    #[serde(default, rename = "account")]
    pub accounts: Vec<SeedAccount>,
}

/// A shipper account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedAccount {
    /// Six characters.
    pub number: String,
    /// Whether it is qualified for negotiated rates.
    #[serde(default)]
    pub negotiated_rates: bool,
    /// The discount on base charges in per mille, if qualified.
    #[serde(default = "default_discount")]
    pub discount_per_mille: u32,
}

const fn default_discount() -> u32 {
    // 18 per cent, a believable discount that is easy to recognise in results.
    180
}

/// An application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedApp {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// The name that the consent page shows and that tokens carry.
    pub name: String,
    /// The user who owns the app: the `sub` of its client-credentials tokens.
    pub owner: String,
    /// The registered redirect URIs; compared as text.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// The API products added to the app, by first path segment (`rating`, `shipments`, …). Absent:
    /// all of them. A call to another product is answered 401/250002, as at UPS.
    #[serde(default)]
    pub products: Option<Vec<String>>,
    /// The environments that know the app. Absent: both, which is a guess.
    #[serde(default)]
    pub environments: Option<Vec<Environment>>,
    /// A blocked merchant: 403/10403 at every token request.
    #[serde(default)]
    pub blocked: bool,
}

impl Default for SeedData {
    fn default() -> Self {
        let account = |number: &str, negotiated_rates| SeedAccount {
            number: number.to_owned(),
            negotiated_rates,
            discount_per_mille: default_discount(),
        };
        let user = |name: &str, password: &str, accounts| SeedUser {
            name: name.to_owned(),
            password: password.to_owned(),
            accounts,
        };
        Self {
            users: vec![
                user(
                    "merchant",
                    "parcel-1",
                    vec![account("A1B2C3", true), account("D4E5F6", false)],
                ),
                user("other", "parcel-2", vec![account("X9Y8Z7", false)]),
            ],
            apps: vec![SeedApp {
                client_id: "mock-client".to_owned(),
                client_secret: "mock-secret".to_owned(),
                name: "Mock Shop".to_owned(),
                owner: "merchant".to_owned(),
                // The gateway's own callback in its examples, so that both start together without flags.
                redirect_uris: vec!["http://127.0.0.1:8081/oauth/callback".to_owned()],
                products: None,
                environments: None,
                blocked: false,
            }],
        }
    }
}

//! How the load proves to the gateway who is calling.

use crate::{downstream::App, http::get};
use anyhow::{Context as _, Result, ensure};
use benches::{ask::Ask, client::Target};
use http::Request;

const KEY: &str = "a-key-of-the-load-that-is-long-enough-to-be-one";
const CLIENT: &str = "load-app";
const SECRET: &str = "a-secret-of-the-load-that-is-long-enough";

/// The app in the gateway's configuration.
pub(super) fn section(app: App) -> String {
    let login = match app {
        App::Trusted => return String::new(),
        App::Key => format!("key = {{ value = \"{KEY}\" }}"),
        App::Token => {
            format!("client_id = \"{CLIENT}\"\nclient_secret = {{ value = \"{SECRET}\" }}")
        }
    };
    format!("[[app]]\nname = \"load\"\naccounts = [\"main\"]\n{login}\n")
}

/// The request with the app's credentials on it.
pub(super) fn identify(ask: Ask, app: App, target: &Target) -> Result<Ask> {
    Ok(match app {
        App::Trusted => ask,
        App::Key => ask.with("waybill-key", KEY),
        App::Token => {
            ensure!(
                target.tls.is_none(),
                "tokens of apps are measured without TLS between load and gateway"
            );
            let request = Request::post("/security/v1/oauth/token")
                .header("authorization", basic(CLIENT, SECRET))
                .header("content-type", "application/x-www-form-urlencoded");
            let form = "grant_type=client_credentials";
            let answer = get(target.addr, request, form).context("no token for the load's app")?;
            let answer: serde_json::Value = serde_json::from_slice(&answer)?;
            let token = answer["access_token"].as_str();
            let token = token.context("the gateway's answer has no token")?;
            ask.with("authorization", &format!("Bearer {token}"))
        }
    })
}

fn basic(user: &str, password: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

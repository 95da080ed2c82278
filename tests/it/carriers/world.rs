//! A gateway with one carrier beside UPS.

use super::rows::Row;
use bytes::Bytes;
use http::Request;
use mock_carrier::{Builder, MockCarrier};
use std::{fs, path::Path};
use tests::{Answer, Gateway, World, carrier_plugin};

/// A gateway, the carrier's stand-in, an app.
pub(super) struct Carrier {
    pub(super) row: &'static Row,
    pub(super) mock: MockCarrier,
    pub(super) world: World,
}

impl Carrier {
    pub(super) async fn start(row: &'static Row) -> Self {
        Self::with(row, |mock| mock).await
    }

    /// On a listener that trusts nobody.
    pub(super) async fn strict(row: &'static Row) -> Self {
        Self::begin(row, |mock| mock, false).await
    }

    /// With another stand-in.
    pub(super) async fn with(row: &'static Row, change: impl FnOnce(Builder) -> Builder) -> Self {
        Self::begin(row, change, true).await
    }

    async fn begin(
        row: &'static Row,
        change: impl FnOnce(Builder) -> Builder,
        trust_loopback: bool,
    ) -> Self {
        let table = mock_carrier::carrier(row.carrier).expect("a table");
        let mock = change(MockCarrier::builder(table)).start().await;
        let mock = mock.expect("a free port");
        let carrier = row.carrier;
        let world = World::builder()
            .more(&configuration(row, &mock.base_url(), row.account))
            .prepare(move |folder| install(carrier, folder))
            .config(move |config| config.trust_loopback = trust_loopback)
            .start()
            .await;
        Self { row, mock, world }
    }

    pub(super) fn gateway(&self) -> &Gateway {
        &self.world.gateway
    }

    /// The call with the account's own number.
    pub(super) async fn call(&self) -> Answer {
        self.call_for(self.mock.carrier().account, &[]).await
    }

    /// The call with this account number and these fields.
    pub(super) async fn call_for(&self, account: &str, fields: &[(&str, &str)]) -> Answer {
        let call = &self.row.call;
        let path = format!("/{}{}", self.row.carrier, call.path);
        let mut request = Request::builder()
            .method(call.method)
            .uri(path.replace("{account}", account));
        if !call.content_type.is_empty() {
            request = request.header("content-type", call.content_type);
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let body = Bytes::from(call.body.replace("{account}", account));
        self.world
            .app
            .send(request.body(body).expect("a request"))
            .await
    }

    /// How many requests the token endpoint got.
    pub(super) fn token_requests(&self) -> usize {
        self.mock.requests_to("token").len()
    }
}

/// The route, the account `parcels` and the app `shop`.
pub(super) fn configuration(row: &Row, origin: &str, account: &str) -> String {
    let carrier = row.carrier;
    let plaintext = origin.starts_with("http://");
    format!(
        r#"
[[route]]
carrier = "{carrier}"
environment = "test"
account = "parcels"
prefix = "/{carrier}"
origin = "{origin}"
danger_plaintext_upstream = {plaintext}

[[account]]
name = "parcels"
carrier = "{carrier}"
environment = "test"
client_id = "stand-in-client"
client_secret = {{ value = "stand-in-secret" }}
{account}

[[app]]
name = "shop"
client_id = "shop-client"
client_secret = {{ value = "shop-secret" }}
accounts = ["parcels"]
"#
    )
}

/// Puts the carrier's plugin into the plugin folder.
pub(super) fn install(carrier: &str, folder: &Path) {
    let plugin = folder.join(format!("plugins/{carrier}.so"));
    fs::copy(carrier_plugin(carrier), plugin).expect("the test owns the folder");
}

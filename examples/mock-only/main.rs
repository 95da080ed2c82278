//! A test of an application's own UPS client, without UPS, without a gateway and without a network.
//!
//! It shows how to start the mock inside a test, point the client at it, make UPS misbehave, and check
//! what the client really sent. In your own crate this is a `#[tokio::test]`; here it is a program, so
//! that it can be run on its own:
//!
//! ```text
//! cargo run -p examples --example mock-only
//! ```

use anyhow::{Context as _, Result, ensure};
use http::Request;
use http_body_util::Full;
use mock_ups::{Endpoint, Filter, MockUps};
use std::io::Write as _;

/// The code under test: a client that fetches a token by itself and caches it.
struct MyClient {
    base_url: String,
    token: Option<String>,
}

impl MyClient {
    async fn prices(&mut self) -> Result<Vec<(String, String)>> {
        if self.token.is_none() {
            self.token = Some(self.fetch_token().await?);
        }
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let (_, answer) = examples::shop(&self.base_url, bearer.as_deref()).await?;
        Ok(examples::prices(&answer))
    }

    async fn fetch_token(&self) -> Result<String> {
        let request = Request::post(format!("{}/security/v1/oauth/token", self.base_url))
            // mock-client:mock-secret
            .header("authorization", "Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new("grant_type=client_credentials".into()))?;
        let (_, answer) = examples::send(request).await?;
        Ok(answer["access_token"]
            .as_str()
            .context("no access token")?
            .to_owned())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let ups = MockUps::start().await?;
    let mut client = MyClient {
        base_url: ups.base_url(),
        token: None,
    };

    // Two calls share one token; a client that asks for one per call runs into UPS's quota.
    ensure!(!client.prices().await?.is_empty(), "no rates");
    client.prices().await?;
    ups.exactly_one_token_request("mock-client")?;
    ups.expect(Filter::any().endpoint(Endpoint::Rating).status(200))
        .exactly(2)?;

    // UPS revokes the token: this client notices, because its next call fails.
    ups.revoke_all();
    let error = client
        .prices()
        .await
        .err()
        .context("a revoked token was accepted")?;
    ensure!(error.to_string().contains("250002"), "{error}");

    writeln!(
        std::io::stdout(),
        "the client keeps its token, and notices when UPS revokes it"
    )?;
    Ok(())
}

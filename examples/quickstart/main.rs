//! An app that shops rates through the gateway.
//!
//! It shows all that an app has to do: send the request to the gateway's address. There is no client id,
//! no secret and no token in it. Start `cargo xtask demo` in another terminal, then:
//!
//! ```text
//! cargo run -p examples --example quickstart
//! ```
//!
//! Beside this file are programs in curl, Python and Node that send the same request. For production, use an app with credentials
//! (docs/apps.md) unless gateway and app share a machine.

use anyhow::Result;
use std::{env, io::Write as _};

#[tokio::main]
async fn main() -> Result<()> {
    let gateway = env::var("WAYBILL_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let (fields, answer) = examples::shop(&gateway, None).await?;
    let mut out = std::io::stdout().lock();
    for (service, price) in examples::prices(&answer) {
        writeln!(out, "service {service}: {price}")?;
    }
    if let Some(account) = fields.get("waybill-account") {
        writeln!(out, "served by account {}", account.to_str()?)?;
    }
    Ok(())
}

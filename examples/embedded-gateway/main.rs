//! The gateway inside another program, with the mock UPS behind it.
//!
//! It shows how to build a gateway from a configuration, learn where it listens, and shut it down without
//! losing a request. It needs the UPS plugin: `cargo build -p plugins-ups-dylib` makes it, and
//! `WAYBILL_UPS_PLUGIN` names it if it is not where cargo puts it.
//!
//! ```text
//! cargo build -p plugins-ups-dylib
//! cargo run -p examples --example embedded-gateway
//! ```

use anyhow::{Context as _, Result};
use gateway::{Gateway, Overrides, config::Config};
use mock_ups::MockUps;
use std::{env, fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::PathBuf};

#[tokio::main]
async fn main() -> Result<()> {
    let ups = MockUps::start().await?;
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("plugins"))?;
    fs::copy(plugin()?, folder.path().join("plugins/ups.so")).context("is the plugin built?")?;

    let file = folder.path().join("waybill.toml");
    fs::write(&file, configuration(&ups.base_url()))?;
    // It holds a secret in clear, which is refused unless only the owner can read it.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;

    let gateway = Gateway::start(&Config::load(&file)?, Overrides::default()).await?;
    let base_url = format!("http://{}", gateway.apps().first().context("a listener")?);
    let (_, answer) = examples::shop(&base_url, None).await?;
    let mut out = std::io::stdout().lock();
    for (service, price) in examples::prices(&answer) {
        writeln!(out, "service {service}: {price}")?;
    }
    ups.exactly_one_token_request("mock-client")?;
    gateway.shutdown().await;
    Ok(())
}

fn configuration(origin: &str) -> String {
    format!(
        r#"
        [listen]
        apps = "127.0.0.1:0"
        admin = "127.0.0.1:0"
        trust_loopback = true

        [workers]
        count = 1

        [[route]]
        carrier = "ups"
        environment = "test"
        account = "main"
        origin = "{origin}"
        danger_plaintext_upstream = true

        [[account]]
        name = "main"
        carrier = "ups"
        environment = "test"
        client_id = "mock-client"
        client_secret = {{ value = "mock-secret" }}
        "#
    )
}

/// Beside the folder of this program: `target/debug/examples` and `target/debug`.
fn plugin() -> Result<PathBuf> {
    if let Some(file) = env::var_os("WAYBILL_UPS_PLUGIN") {
        return Ok(file.into());
    }
    let program = env::current_exe()?;
    let folder = program
        .parent()
        .and_then(|examples| examples.parent())
        .context("a folder")?;
    Ok(folder.join("libwaybill_plugin_ups.so"))
}

//! `cargo xtask demo --fleet 3`: one of several gateways is killed.

use super::rates;
use crate::{fleet::Fleet, say};
use ::http::Method;
use anyhow::{Context as _, Result, bail};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use std::time::Duration;

/// Short, so that nobody waits long for the end of a killed gateway's.
pub(super) const LEASE: &str = "3s";
/// Attempts to find the account with another owner, a quarter of a second apart.
const PATIENCE: u32 = 80;
/// Requests at each gateway that is left, while the killed one's lease ends.
const REQUESTS: usize = 20;

/// Serves, kills the owner of the account, and serves on.
pub(super) async fn show(fleet: &mut Fleet) -> Result<()> {
    for member in &fleet.members {
        say::line(format!(
            "  {}  apps http://{}  admin http://{}",
            member.name, member.apps, member.admin
        ));
    }
    say::step("shop rates through each gateway");
    shop(fleet, 1).await?;
    say::line("  each of them served one request, with the same token");
    let owner = table(fleet).await?;
    let dead = fleet.members.remove(owner);
    let name = dead.name.clone();
    say::step(format!("kill {name}, which renews the account"));
    // Ends the process with SIGKILL: it cannot say goodbye.
    drop(dead);
    shop(fleet, REQUESTS).await?;
    say::line(format!(
        "  {} requests at the others: 0 failed",
        REQUESTS * fleet.members.len()
    ));
    say::step("ask for a new token: another gateway takes the account over once the lease is over");
    renew(fleet).await?;
    table(fleet).await?;
    say::line(format!("\n{name} is gone, and no request has failed."));
    Ok(())
}

async fn shop(fleet: &Fleet, times: usize) -> Result<()> {
    for _ in 0..times {
        for member in &fleet.members {
            member.send(rates::PATH, rates::request()).await?;
        }
    }
    Ok(())
}

/// Has the account renewed, as soon as a gateway may.
async fn renew(fleet: &Fleet) -> Result<()> {
    let member = fleet.members.first().context("no gateway is left")?;
    for _ in 0..PATIENCE {
        let renewed = member.call(Method::POST, "accounts/main/token/renew").await;
        if renewed.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    bail!("no gateway took the account over")
}

/// Prints who is there, and gives the index of the gateway that renews the account.
async fn table(fleet: &Fleet) -> Result<usize> {
    let member = fleet.members.first().context("no gateway is left")?;
    let replicas = member.call(Method::GET, "replicas").await?;
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "gateway",
        "state",
        "accounts that it renews",
    ]);
    let mut owner = None;
    for replica in replicas.as_array().into_iter().flatten() {
        let name = replica["name"].as_str().unwrap_or("?");
        let renews = replica["renews"].as_u64().unwrap_or(0);
        let state = match replica["live"] == true {
            true => "live",
            false => "dead",
        };
        if renews > 0 && state == "live" {
            owner = fleet.members.iter().position(|member| member.name == name);
        }
        table.add_row([name, state, &renews.to_string()]);
    }
    say::line(table);
    owner.context("no gateway renews the account")
}

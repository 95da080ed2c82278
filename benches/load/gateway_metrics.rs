//! Figures that the gateway itself exports.

use crate::{candidates::Candidate, http::get};
use anyhow::{Context as _, Result};
use http::Request;

/// How many token requests the gateway made.
pub(crate) fn token_requests(gateway: &Candidate) -> Result<u64> {
    metric(gateway, "waybill_token_requests_total")
}

/// How many tokens it was given: a request counts from its beginning, also while it queues.
pub(crate) fn tokens_issued(gateway: &Candidate) -> Result<u64> {
    metric(gateway, "waybill_tokens_minted_total")
}

/// One of the gateway's figures that has no labels.
fn metric(gateway: &Candidate, name: &str) -> Result<u64> {
    let admin = gateway.admin.context("the gateway has an admin listener")?;
    let text = String::from_utf8(get(admin, Request::get("/metrics"), "")?)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.with_context(|| format!("no {name} in:\n{text}"))?;
    Ok(value.trim().parse()?)
}

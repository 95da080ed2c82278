//! Accounts that nobody uses: what one takes in memory, and how long the start from the store is.

use super::fleet::{Fleet, Size, Stored};
use super::{findings::Findings, options::StormOptions, traffic::rss};
use anyhow::Result;
use std::time::Duration;

const IDLE: &str = "idle accounts";
const LIFETIME: Duration = Duration::from_secs(4 * 3600);

pub(super) fn run(storms: &StormOptions, findings: &mut Findings) -> Result<()> {
    let start = |accounts| {
        let size = Size {
            accounts,
            requests_each: 0,
        };
        Fleet::start(&storms.options, size, |_| Stored {
            lifetime: LIFETIME,
            due: None,
        })
    };
    let one = start(1)?;
    let base = one.named("a store with one account", rss(&one.gateway))?;
    drop(one);
    let fleet = start(storms.idle_accounts)?;
    let done = fleet.taken_over().and_then(|()| rss(&fleet.gateway));
    let used = fleet.named("idle accounts", done)?;
    let each = used.saturating_sub(base) * 1024 / storms.idle_accounts.max(1) as u64;
    let ready = u64::try_from(fleet.ready.as_millis()).unwrap_or(u64::MAX);
    findings.add(IDLE, "accounts", fleet.accounts);
    findings.add(IDLE, "start to serving, ms", ready);
    findings.add(IDLE, "memory with one account, KiB", base);
    findings.add(IDLE, "memory with all, KiB", used);
    findings.add(IDLE, "bytes for each account", each);
    Ok(())
}

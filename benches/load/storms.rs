//! Many accounts at once: tokens that fall due together, that are all revoked, that cannot be had; and
//! accounts that nobody uses.

mod down;
mod due;
mod findings;
mod fleet;
mod idle;
mod options;
mod traffic;

pub(crate) use options::StormOptions;

use crate::{
    about::About,
    machine::{self, Plan},
    options::Options,
    output::{say, write},
};
use anyhow::Result;
use findings::Findings;
use options::Storm;

/// Runs the storms, and says what came of them.
pub(crate) fn run(storms: &StormOptions) -> Result<()> {
    let about = About::now(&storms.options.notes);
    let findings = all(storms)?;
    say(&findings.table())?;
    if let Some(path) = &storms.options.json {
        let mut json = findings.json();
        json["about"] = serde_json::to_value(about)?;
        write(path, &serde_json::to_vec_pretty(&json)?)?;
    }
    Ok(())
}

/// All of them, small: whether everything is right, no figures.
pub(crate) fn smoke(options: &Options) -> Result<String> {
    let storms = StormOptions {
        options: Options {
            rate: 400,
            ..options.clone()
        },
        only: Vec::new(),
        accounts: 40,
        due_in: 8,
        calm: 1,
        down: 12,
        idle_accounts: 200,
    };
    all(&storms)?;
    Ok(format!(
        "storms of {} accounts: one renewal for each when all are due and when all are revoked; with \
         the token endpoint down every valid token served to its end; nothing failed",
        storms.accounts
    ))
}

fn all(storms: &StormOptions) -> Result<Findings> {
    let plan = Plan::storm(storms.options.workers);
    let mut findings = Findings::new(machine::description(), plan.to_string());
    let wanted = |storm| storms.only.is_empty() || storms.only.contains(&storm);
    if wanted(Storm::Due) {
        due::run(storms, &mut findings)?;
    }
    if wanted(Storm::Down) {
        down::run(storms, &mut findings)?;
    }
    if wanted(Storm::Idle) {
        idle::run(storms, &mut findings)?;
    }
    Ok(findings)
}

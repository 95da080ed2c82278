//! `waybill account probe`: one harmless call with the account's token.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, yes},
};
use gateway_api::ProbeReport;
use gateway_model::AccountId;

pub(super) fn run(
    name: &AccountId,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let report = session.ask(session.client.probe(name))?;
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report, output)?;
    }
    // The exit code tells a script what the table tells a person.
    Ok(if report.ok {
        CommandOutcome::Done
    } else {
        CommandOutcome::FaultFound
    })
}

pub(super) fn print(report: &ProbeReport, output: &mut Output) -> Result<(), CliError> {
    let mut facts = vec![
        ("account", report.account.to_string()),
        ("call", clean(&report.call)),
        ("accepted", yes(report.ok).to_owned()),
    ];
    if let Some(number) = &report.number {
        facts.push(("number", number.to_string()));
    }
    if let Some(negotiated) = report.negotiated {
        facts.push(("negotiated rates", yes(negotiated).to_owned()));
    }
    facts.extend(
        report
            .code
            .as_ref()
            .map(|code| ("carrier's code", clean(code))),
    );
    facts.push(("result", clean(&report.message)));
    facts.extend(
        report
            .remedy
            .as_ref()
            .map(|remedy| ("what to do", output.advice(remedy))),
    );
    Ok(output.facts(&facts)?)
}

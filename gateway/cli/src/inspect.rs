//! `waybill doctor`, `waybill status`, `waybill notices` and `waybill audit`: the state of the gateway.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, progress, when, word},
};
use gateway_api::{AccountState, AccountView, AuditView, Check, FleetView, NoticeView, Verdict};
use gateway_model::AccountId;

/// `waybill doctor`. The exit code is the verdict.
pub(crate) fn doctor(
    account: Option<&AccountId>,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // On standard error, so that the table and JSON stay clean.
    let waiting = progress::spinner("asking the carrier");
    let report = session.ask(session.client.doctor(account));
    waiting.finish_and_clear();
    let report = report?;
    if output.is_json() {
        output.json(&report)?;
    } else {
        let rows = report
            .checks
            .iter()
            .map(|it| check_row(it, output))
            .collect();
        output.table(
            &["Result", "Account", "Check", "What was seen", "What to do"],
            rows,
        )?;
        output.line(match report.verdict {
            // Nothing that was checked failed; a check that does not apply is no finding.
            Verdict::Ok | Verdict::Skipped => "all is well",
            Verdict::Warning => "it works, but something should be done",
            Verdict::Failure => "something does not work",
        })?;
    }
    Ok(match report.verdict {
        Verdict::Ok | Verdict::Skipped => CommandOutcome::Done,
        Verdict::Warning => CommandOutcome::Attention,
        Verdict::Failure => CommandOutcome::Broken,
    })
}

fn check_row(check: &Check, output: &Output) -> Vec<String> {
    vec![
        word(&check.verdict),
        check
            .account
            .as_ref()
            .map_or_else(|| "(gateway)".into(), ToString::to_string),
        clean(&check.name),
        clean(&check.message),
        (check.remedy.as_deref()).map_or_else(|| "-".into(), |it| output.advice(it)),
    ]
}

/// `waybill status`.
pub(crate) fn status(session: &Session, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let status = session.ask(session.client.status())?;
    if output.is_json() {
        output.json(&status)?;
        return Ok(CommandOutcome::Done);
    }
    let mut facts = vec![
        ("gateway", session.client.base().to_owned()),
        ("version", clean(&status.version)),
        ("store", clean(&status.store)),
        ("redirect URI", clean(&status.redirect_uri)),
        (
            "accounts",
            format!("{} ({} get tokens)", status.accounts, status.usable),
        ),
        ("notices", status.notices.len().to_string()),
    ];
    // Most gateways have their store to themselves, and need no word about it.
    facts.extend(status.fleet.as_ref().map(|fleet| ("fleet", told(fleet))));
    output.facts(&facts)?;
    Ok(CommandOutcome::Done)
}

fn told(fleet: &FleetView) -> String {
    let (name, replicas) = (clean(&fleet.name), fleet.replicas);
    match &fleet.problem {
        None => format!("{name} is one of {replicas} live gateways"),
        Some(problem) => format!("{name} renews nothing: {}", clean(problem)),
    }
}

/// `waybill notices`.
pub(crate) fn notices(session: &Session, output: &mut Output) -> Result<CommandOutcome, CliError> {
    let notices = session.ask(session.client.notices())?;
    if output.is_json() {
        output.json(&notices)?;
        return Ok(CommandOutcome::Done);
    }
    let accounts = session.ask(session.client.accounts())?;
    let without_service: Vec<_> = accounts.iter().filter(|of| unserved(of)).collect();
    if notices.is_empty() && without_service.is_empty() {
        output.line("nothing needs a person")?;
    }
    if !notices.is_empty() {
        let rows = notices.iter().map(notice_row).collect();
        output.table(
            &["Account", "Kind", "Since", "What ends, and what to do"],
            rows,
        )?;
    }
    for account in without_service {
        let why = account
            .message
            .as_deref()
            .map_or_else(String::new, |why| format!(": {}", output.advice(why)));
        output.line(format_args!(
            "account {} gets no token ({}){why}",
            account.name,
            word(&account.state)
        ))?;
    }
    Ok(CommandOutcome::Done)
}

/// Whether requests for the account fail and no notice says so: nobody has signed in yet, or the
/// gateway is still trying. An account that is switched off fails on purpose.
fn unserved(account: &AccountView) -> bool {
    match account.state {
        AccountState::Ready | AccountState::Inactive => false,
        AccountState::Pending
        | AccountState::NeedsConsent
        | AccountState::Failing
        | AccountState::Refused => account.notices.is_empty(),
    }
}

fn notice_row(notice: &NoticeView) -> Vec<String> {
    vec![
        notice.account.to_string(),
        word(&notice.kind),
        when(notice.at),
        clean(&notice.message),
    ]
}

/// `waybill audit`.
pub(crate) fn audit(
    limit: usize,
    before: Option<i64>,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let entries = session.ask(session.client.audit(before, limit))?;
    if output.is_json() {
        output.json(&entries)?;
    } else if entries.is_empty() {
        output.line("nothing is on record")?;
    } else {
        let rows = entries.iter().map(audit_row).collect();
        output.table(
            &["No.", "When", "Who", "What", "On", "Outcome", "Detail"],
            rows,
        )?;
    }
    Ok(CommandOutcome::Done)
}

fn audit_row(entry: &AuditView) -> Vec<String> {
    // An empty object says nothing and would widen every row.
    let empty = entry
        .detail
        .as_object()
        .is_some_and(serde_json::Map::is_empty);
    let detail = if empty {
        "-".to_owned()
    } else {
        clean(&entry.detail.to_string())
    };
    vec![
        entry.id.to_string(),
        when(entry.at),
        clean(&entry.actor),
        clean(&entry.action),
        clean(&entry.subject),
        entry
            .outcome
            .as_deref()
            // Missing while an action runs, or after a crash in the middle of it.
            .map_or_else(|| "not known".into(), clean),
        detail,
    ]
}

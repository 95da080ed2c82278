//! `waybill account authorize` and `waybill account paste`: a person signs in at the carrier.

use super::{probe, show};
use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, progress, secret_input, when},
};
use gateway_api::client::ClientError;
use gateway_api::{AuditView, ConsentStarted, PasteConsent, SecretText};
use gateway_model::AccountId;
use jiff::Timestamp;
use std::{io::IsTerminal as _, time::Duration};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often the gateway is asked whether the person has finished.
// A person takes seconds; asking more often only fills the gateway's log.
const PERIOD: Duration = Duration::from_secs(1);
/// The audit trail's name for the end of a sign-in.
const FINISH: &str = "consent.finish";
/// How many of the newest entries each request asks for.
const LOOKED_AT: usize = 50;

/// How a wait ended.
enum Ending {
    Proven,
    /// With the gateway's stable code.
    Refused(String),
    Expired,
    Interrupted,
}

pub(super) fn run(
    name: &AccountId,
    open: bool,
    wait: bool,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // A program gets the address and returns at once: it cannot wait for a person.
    if wait && !output.is_json() {
        return follow(name, open, session, output);
    }
    let started = session.ask(session.client.begin_consent(name))?;
    if output.is_json() {
        output.json(&started)?;
    } else {
        invite(&started, open, output)?;
    }
    Ok(CommandOutcome::Done)
}

/// Begins a sign-in and stays with the person until its end.
pub(crate) fn follow(
    name: &AccountId,
    open: bool,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // Before the sign-in begins: a quick person may be done before the next request.
    let newest = session.ask(session.client.audit(None, 1))?;
    let since = newest.first().map_or(0, |entry| entry.id);
    let started = session.ask(session.client.begin_consent(name))?;
    // From the invitation on, Ctrl-C ends the wait and not the program.
    let interrupt = session.wait(async { signal(SignalKind::interrupt()) });
    let interrupt = interrupt.map_err(|error| CliError::Running(error.into()))?;
    invite(&started, open, output)?;
    let spinner = progress::spinner("waiting for the sign-in; Ctrl-C stops waiting");
    let ending = session.wait(ending(session, &started, since, interrupt));
    spinner.finish_and_clear();
    match ending.map_err(CliError::Client)? {
        Ending::Proven => {
            output.line(format_args!("{name}: signed in, and proven by a call"))?;
            show::one(&session.ask(session.client.account(name))?, output)?;
            Ok(CommandOutcome::Done)
        }
        Ending::Refused(code) => Err(CliError::Refused(format!(
            "the sign-in for {name} failed ({}): the browser's page says why. An earlier \
             login, if there is one, still serves. To try again, run `waybill account authorize {name}`",
            clean(&code)
        ))),
        Ending::Expired => Err(CliError::Refused(format!(
            "the sign-in was not finished in time. To try again, run `waybill account authorize {name}`"
        ))),
        Ending::Interrupted => {
            output.hint(&format!(
                "the sign-in can still be finished until {}; `waybill account show {name}` tells \
                 how it stands",
                when(started.expires_at)
            ));
            Ok(CommandOutcome::Interrupted)
        }
    }
}

/// Prints where to sign in. The address works once, for anyone who has it.
fn invite(started: &ConsentStarted, open: bool, output: &mut Output) -> Result<(), CliError> {
    let name = &started.account;
    let address = started.url.0.expose();
    output.line(format_args!(
        "Sign in at the carrier, until {}:",
        when(started.expires_at)
    ))?;
    output.line(format_args!("\n  {address}\n"))?;
    output.line(format_args!(
        "This redirect URI must be registered there, letter by letter:\n\n  {}\n",
        started.redirect_uri
    ))?;
    output.line(format_args!(
        "If the browser ends at a page that does not load, copy its whole address and run\n\
         `waybill account paste {name}`."
    ))?;
    // Without a desktop a browser would start in the terminal and take it over.
    if open && has_desktop() && webbrowser::open(address).is_err() {
        output.hint("no browser could be opened: open the address yourself");
    }
    Ok(())
}

fn has_desktop() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

async fn ending(
    session: &Session,
    started: &ConsentStarted,
    since: i64,
    mut interrupt: Signal,
) -> Result<Ending, ClientError> {
    let subject = format!("account:{}", started.account);
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(Ending::Interrupted),
            () = tokio::time::sleep(PERIOD) => {}
        }
        // The audit trail, not the account's state: an earlier login keeps the account usable meanwhile.
        let entries = session.client.audit(None, LOOKED_AT).await?;
        if let Some(outcome) = finished(&entries, &subject, since) {
            return Ok(match outcome {
                "ok" => Ending::Proven,
                code => Ending::Refused(code.to_owned()),
            });
        }
        // By the clock that was handed in, so that tests need not wait.
        let now = Timestamp::try_from(session.clock.wall());
        if now.is_ok_and(|now| now > started.expires_at) {
            return Ok(Ending::Expired);
        }
    }
}

/// How the newest sign-in of the account ended, if it did since.
fn finished<'e>(entries: &'e [AuditView], subject: &str, since: i64) -> Option<&'e str> {
    let ours =
        // By action and subject: other sign-ins may end meanwhile.
        |entry: &&AuditView| entry.id > since && entry.action == FINISH && entry.subject == subject;
    entries.iter().find(ours)?.outcome.as_deref()
}

pub(super) fn paste(
    name: &AccountId,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    const WHAT: &str = "the address that the browser was sent to";
    // Typed without echo, since the address holds the code.
    let redirected = if std::io::stdin().is_terminal() {
        secret_input::ask(WHAT, "standard input")?
    } else {
        secret_input::stdin(WHAT)?
    };
    let pasted = PasteConsent {
        redirected: SecretText(redirected),
    };
    let done = session.ask(session.client.paste_consent(name, &pasted))?;
    if output.is_json() {
        output.json(&done)?;
        return Ok(CommandOutcome::Done);
    }
    output.line(format_args!("{name}: signed in, and proven by a call"))?;
    probe::print(&done.proof, output)?;
    show::one(&done.account, output)?;
    Ok(CommandOutcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: i64, action: &str, subject: &str, outcome: Option<&str>) -> AuditView {
        AuditView {
            id,
            at: Timestamp::UNIX_EPOCH,
            actor: "cli".into(),
            action: action.into(),
            subject: subject.into(),
            detail: serde_json::json!({}),
            outcome: outcome.map(str::to_owned),
        }
    }

    #[test]
    fn end_of_a_sign_in_is_the_newest_one_of_this_account() {
        let entries = [
            entry(9, FINISH, "account:other", Some("ok")),
            entry(8, "account.update", "account:main", Some("ok")),
            entry(7, FINISH, "account:main", Some("wrong_login")),
            entry(3, FINISH, "account:main", Some("ok")),
        ];
        assert_eq!(finished(&entries, "account:main", 5), Some("wrong_login"));
        assert_eq!(finished(&entries, "account:main", 7), None, "an older one");
        let under_way = [entry(7, FINISH, "account:main", None)];
        assert_eq!(finished(&under_way, "account:main", 5), None);
    }
}

//! `waybill requests`: the last requests of apps, and why they failed.

use crate::{
    error::{CliError, CommandOutcome},
    remote::Session,
    terminal::{Output, clean, when, yes},
};
use clap::Args;
use gateway_api::{NewRequests, RequestFailureView, RequestQuery, RequestView};
use gateway_model::{AccountId, AppId};
use jiff::Timestamp;
use std::time::Duration;

/// How often `--follow` asks the gateway.
const PERIOD: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct RequestsArgs {
    /// Show all that is known of this one request: the value of Waybill-Request-Id
    id: Option<String>,
    /// Only failed requests
    #[arg(long)]
    failed: bool,
    /// Only requests of this account
    #[arg(long)]
    account: Option<AccountId>,
    /// Only requests of this app
    #[arg(long)]
    app: Option<AppId>,
    /// Go on with new requests as they come, the newest last; with --json a line for each
    #[arg(long, conflicts_with = "id")]
    follow: bool,
    /// How many requests
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

pub(crate) fn run(
    args: &RequestsArgs,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    let query = RequestQuery {
        failed: args.failed,
        id: args.id.clone(),
        account: args.account.clone(),
        app: args.app.clone(),
        since: None,
        limit: Some(usize::from(args.limit)),
    };
    if args.follow {
        return follow(&query, session, output);
    }
    let requests = session.ask(session.client.requests(&query))?;
    match (&args.id, &*requests) {
        (Some(id), []) => return Err(CliError::Refused(unknown(id))),
        (Some(_), [request, ..]) if output.is_json() => output.json(request)?,
        (Some(_), [request, ..]) => output.facts(&facts(request))?,
        (None, _) if output.is_json() => output.json(&requests)?,
        (None, []) => output.line(none(args))?,
        (None, _) => {
            let header = [
                "Ended", "Request", "App", "Account", "What", "Status", "Took", "Fault", "Cause",
            ];
            output.table(&header, requests.iter().map(row).collect())?;
        }
    }
    Ok(CommandOutcome::Done)
}

/// Prints the last requests, and then those that come, until it is interrupted.
fn follow(
    query: &RequestQuery,
    session: &Session,
    output: &mut Output,
) -> Result<CommandOutcome, CliError> {
    // The first look gives the last ones, as without `--follow`.
    let mut new = NewRequests::since(Timestamp::UNIX_EPOCH);
    loop {
        let found = session.ask(session.client.requests(&new.next(query)))?;
        for request in new.take(found) {
            if output.is_json() {
                output.line(serde_json::json!(request))?;
            } else {
                output.line(row(&request).join("  "))?;
            }
        }
        session.wait(async { tokio::time::sleep(PERIOD).await });
    }
}

fn unknown(id: &str) -> String {
    format!(
        "the gateway remembers no request {}: it keeps the last 1000 of each kind and forgets them when it \
         ends; look for the id in the gateway's log",
        clean(id)
    )
}

const fn none(args: &RequestsArgs) -> &'static str {
    if args.account.is_some() || args.app.is_some() {
        "no such request since the gateway started"
    } else if args.failed {
        "no request failed since the gateway started"
    } else {
        "no request came since the gateway started"
    }
}

fn row(request: &RequestView) -> Vec<String> {
    let failure = request.failure.as_ref();
    vec![
        when(request.ended_at),
        clean(&request.id),
        known(request.app.as_ref()),
        known(request.account.as_ref()),
        what(request),
        known(request.status),
        took(request.duration_us),
        failure.map_or_else(|| "-".to_owned(), |failure| clean(&failure.fault)),
        failure.map_or_else(|| "-".to_owned(), cause),
    ]
}

fn facts(request: &RequestView) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("request", clean(&request.id)),
        ("ended", when(request.ended_at)),
        ("took", took(request.duration_us)),
        ("what", what(request)),
        ("status", known(request.status)),
        ("route", known(request.route.as_deref().map(clean))),
        ("carrier", known(request.carrier.as_ref())),
        ("environment", known(request.environment)),
        ("account", known(request.account.as_ref())),
        ("app", known(request.app.as_ref())),
        ("trace", known(request.trace_id.as_deref().map(clean))),
        ("replayed", yes(request.replayed).to_owned()),
        ("failed", yes(request.failure.is_some()).to_owned()),
    ];
    if let Some(failure) = &request.failure {
        facts.extend([
            ("fault", clean(&failure.fault)),
            ("cause", clean(&failure.cause)),
            ("carrier status", known(failure.carrier_status)),
            (
                "carrier code",
                known(failure.carrier_code.as_deref().map(clean)),
            ),
            ("why", known(failure.reason.as_deref().map(clean))),
        ]);
    }
    facts
}

/// The cause, and the carrier's code if there is one.
fn cause(failure: &RequestFailureView) -> String {
    let cause = clean(&failure.cause);
    match &failure.carrier_code {
        Some(code) => format!("{cause} ({})", clean(code)),
        None => cause,
    }
}

/// Method and path. They come from the app, so they are cleaned.
fn what(request: &RequestView) -> String {
    match (&request.method, &request.path) {
        (Some(method), Some(path)) => clean(&format!("{method} {path}")),
        _ => "(its head cannot be read)".to_owned(),
    }
}

fn known<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn took(micros: u64) -> String {
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_shown_in_milliseconds() {
        assert_eq!(took(7), "0.007 ms");
        assert_eq!(took(1_234_567), "1234.567 ms");
    }
}

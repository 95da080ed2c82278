//! What the records of an invitation mean, and the link to it.

use crate::{ControlError, Fault, api_time};
use gateway_api::{InvitationState, InvitationView, InvitedAccount, SecretText};
use gateway_model::{AccountNumber, Secret};
use gateway_store::{InvitationRecord, SecretDigest, Timestamp, invitation_of};
use std::{collections::BTreeMap, fmt::Write as _};
use url::{Host, Url};

/// The page at which an invitation begins.
const PAGE: &str = "/ui/invitation";
/// The bytes of the digest that make an id. An id only has to be told apart from others.
const ID_BYTES: usize = 6;

/// What to do for who has an invitation that does not work.
const ASK_FOR_ANOTHER: &str = "ask the person who sent you the invitation for another one";

/// The id of an invitation: it is found by it, and says nothing about the code.
pub(crate) fn id_of(code: &SecretDigest) -> String {
    let bytes = code.0.iter().take(ID_BYTES);
    bytes.fold(String::new(), |mut id, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// The state of a record.
pub(crate) fn state(record: &InvitationRecord, now: Timestamp) -> InvitationState {
    // In this order: what has happened for good comes first.
    if record.used_at.is_some() {
        InvitationState::Used
    } else if record.revoked_at.is_some() {
        InvitationState::Revoked
    } else if record.expires_at <= now {
        InvitationState::Ended
    } else {
        InvitationState::Open
    }
}

/// The state of an invitation with these records: open as long as one account waits.
fn state_of_all(records: &[InvitationRecord], now: Timestamp) -> InvitationState {
    let any = |wanted| records.iter().any(|it| state(it, now) == wanted);
    // What is left decides; it is used only when nothing is.
    let in_order = [
        InvitationState::Open,
        InvitationState::Revoked,
        InvitationState::Ended,
    ];
    let found = in_order.into_iter().find(|it| any(*it));
    found.unwrap_or(InvitationState::Used)
}

/// The records of one invitation as a view; `None` if there are none.
pub(crate) fn view(records: Vec<InvitationRecord>, now: Timestamp) -> Option<InvitationView> {
    let state_of_all = state_of_all(&records, now);
    let latest = |of: fn(&InvitationRecord) -> Option<Timestamp>| {
        let times = records.iter().filter_map(of);
        times.max().map(api_time::from_store)
    };
    let used_at = latest(|it| it.used_at).filter(|_| state_of_all == InvitationState::Used);
    let revoked_at = latest(|it| it.revoked_at);
    let accounts = records.iter().map(|record| InvitedAccount {
        account: record.account.clone(),
        state: state(record, now),
        used_at: record.used_at.map(api_time::from_store),
    });
    let accounts = accounts.collect();
    let first = records.into_iter().next()?;
    Some(InvitationView {
        id: invitation_of(&first.id).to_owned(),
        account: first.account,
        accounts,
        state: state_of_all,
        created_by: first.actor,
        created_at: api_time::from_store(first.created_at),
        expires_at: api_time::from_store(first.expires_at),
        used_at,
        revoked_at,
    })
}

/// The records of several invitations as views, the newest first.
pub(crate) fn views(records: Vec<InvitationRecord>, now: Timestamp) -> Vec<InvitationView> {
    let mut invitations: BTreeMap<String, Vec<InvitationRecord>> = BTreeMap::new();
    for record in records {
        let invitation = invitation_of(&record.id).to_owned();
        invitations.entry(invitation).or_default().push(record);
    }
    let mut views: Vec<InvitationView> = invitations
        .into_values()
        .filter_map(|mut records| {
            records.sort_by_key(|record| (record.id.len(), record.id.clone()));
            view(records, now)
        })
        .collect();
    views.sort_by_key(|view| std::cmp::Reverse(view.created_at));
    views
}

/// Fails unless a sign-in can be finished with a record.
pub(crate) fn check_open(record: &InvitationRecord, now: Timestamp) -> Result<(), ControlError> {
    check_all_open(std::slice::from_ref(record), now)
}

/// Fails unless a sign-in can be finished with one of the records.
pub(crate) fn check_all_open(
    records: &[InvitationRecord],
    now: Timestamp,
) -> Result<(), ControlError> {
    let (code, message) = match state_of_all(records, now) {
        InvitationState::Open => return Ok(()),
        InvitationState::Used => (
            "invitation_used",
            "somebody has signed in with this invitation already: it works once, and nothing more is to do",
        ),
        InvitationState::Ended => ("invitation_ended", "the days of this invitation are over"),
        InvitationState::Revoked => (
            "invitation_revoked",
            "the person who sent this invitation took it back",
        ),
    };
    Err(ControlError::new(Fault::Invalid, code, message).remedy(ASK_FOR_ANOTHER))
}

pub(crate) fn unknown() -> ControlError {
    let message = "this invitation is unknown: it was mistyped, or its account is gone";
    ControlError::new(Fault::NotFound, "unknown_invitation", message)
        .remedy(format!("open the whole link again, or {ASK_FOR_ANOTHER}"))
}

/// The link to an invitation, and why the invited person may not reach it. It leads to the place to which
/// the carrier sends the browser back, because that person must reach it anyway.
pub(crate) fn link(
    redirect_uri: &str,
    code: &Secret,
) -> Result<(SecretText, Option<String>), ControlError> {
    let mut url = Url::parse(redirect_uri).map_err(|_not_set| {
        let message = "the gateway does not know its own address yet";
        ControlError::new(Fault::Unavailable, "no_redirect_uri", message)
            .remedy("set redirect_uri in [consent]")
    })?;
    url.set_path(PAGE);
    url.set_query(None);
    // In the fragment, which is sent to no server: no access log and no `Referer` field gets the code.
    url.set_fragment(Some(code.expose()));
    let warning = warning(&url);
    Ok((SecretText(Secret::new(url.into())), warning))
}

fn warning(url: &Url) -> Option<String> {
    let local = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    let text = if local {
        "the link works on the gateway's own machine only: set redirect_uri in [consent] to an address at \
         which the invited person reaches the admin listener, and register it with the carrier"
    } else if url.scheme() == "http" {
        "the link leads over a connection without TLS, on which others can read the invitation: let \
         redirect_uri in [consent] begin with https://"
    } else {
        return None;
    };
    Some(text.to_owned())
}

/// What an invited person does after a sign-in that failed: that person has no account here and no command line.
pub(crate) fn way_out(error: ControlError, numbers: &[AccountNumber]) -> ControlError {
    let again = "open your invitation again, and begin the sign-in anew";
    let remedy = match error.code {
        // These have their own.
        "invitation_used" | "invitation_ended" | "invitation_revoked" | "unknown_invitation" => {
            return error;
        }
        "wrong_login" | "not_proven" if !numbers.is_empty() => {
            let numbers: Vec<&str> = numbers.iter().map(|it| it.as_str()).collect();
            format!(
                "sign out at the carrier, {again}: with the login that owns {}",
                numbers.join(", ")
            )
        }
        "carrier_trouble" | "carrier_unreachable" => format!("in a few minutes {again}"),
        "client_refused" | "misconfigured" | "plugin_fault" | "inactive" => {
            "nothing that you do can mend this: show this page to the person who invited you"
                .to_owned()
        }
        _ => again.to_owned(),
    };
    error.remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(redirect_uri: &str) -> (String, Option<String>) {
        let code = Secret::new("the-code".to_owned());
        let (link, warning) = link(redirect_uri, &code).expect("a link");
        (link.0.expose().to_owned(), warning)
    }

    #[test]
    fn link_leads_to_where_the_carrier_sends_the_browser_and_has_the_code_in_its_fragment() {
        let (link, warning) = made("https://ship.example:8443/oauth/callback?x=1");
        assert_eq!(link, "https://ship.example:8443/ui/invitation#the-code");
        assert_eq!(warning, None);
        assert!(super::link("", &Secret::new("c".to_owned())).is_err());
    }

    #[test]
    fn link_that_nobody_else_reaches_or_that_others_can_read_has_a_warning() {
        for (uri, says) in [
            ("http://127.0.0.1:8081/oauth/callback", "own machine only"),
            ("http://[::1]:8081/oauth/callback", "own machine only"),
            ("https://localhost/oauth/callback", "own machine only"),
            ("http://ship.example/oauth/callback", "without TLS"),
        ] {
            let (_, warning) = made(uri);
            assert!(warning.is_some_and(|it| it.contains(says)), "{uri}");
        }
    }
}

//! A change as a message of PostgreSQL's `NOTIFY`: who sent it, what it is, and its arguments, with spaces
//! between them. The message is a hint and no fact: whoever hears it reads the store. Only a grant may come with its
//! row, so that a new token costs no gateway a read; nobody but a gateway of this store can seal one.

use crate::table::SealedRow;
use crate::{DemandCause, GrantRecord, StoreChange};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use gateway_model::GrantVersion;

/// PostgreSQL takes less than 8000 bytes.
const LONGEST: usize = 7_999;

const CAUSES: [(DemandCause, &str); 9] = [
    (DemandCause::First, "first"),
    (DemandCause::Due, "due"),
    (DemandCause::KeepAlive, "keep_alive"),
    (DemandCause::Unauthorized, "unauthorized"),
    (DemandCause::Operator, "operator"),
    (DemandCause::Retry, "retry"),
    (DemandCause::Probe, "probe"),
    (DemandCause::Changed, "changed"),
    (DemandCause::LastChance, "last_chance"),
];

pub(super) fn write(origin: u64, change: &StoreChange) -> String {
    let text = match change {
        StoreChange::Grant { account, version } => format!("grant {account} {version}"),
        StoreChange::Failed { account } => format!("failed {account}"),
        StoreChange::Demand {
            account,
            version,
            cause,
        } => format!("demand {account} {version} {}", word(*cause)),
        StoreChange::Account(account) => format!("account {account}"),
        StoreChange::App(app) => format!("app {app}"),
        StoreChange::AdminTokens => "admin_tokens".to_owned(),
        StoreChange::Notices => "notices".to_owned(),
        StoreChange::Manifests => "manifests".to_owned(),
        StoreChange::KeyRing => "key_ring".to_owned(),
        StoreChange::Replicas => "replicas".to_owned(),
        StoreChange::Resync => "resync".to_owned(),
    };
    format!("{origin:016x} {text}")
}

/// A grant that was written, with its row unless that is too long.
pub(super) fn write_grant(origin: u64, grant: &GrantRecord, sealed: &[u8]) -> String {
    let (account, version) = (&grant.account, grant.version);
    let Some((owner, fence)) = &grant.written_by else {
        return format!("{origin:016x} grant {account} {version}");
    };
    let start = format!("{origin:016x} grant {account} {version}");
    let sealed = STANDARD_NO_PAD.encode(sealed);
    let whole = format!("{start} {owner} {} {sealed}", fence.0);
    if whole.len() <= LONGEST { whole } else { start }
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) origin: u64,
    pub(super) change: StoreChange,
    /// The row of a grant, as it was written.
    pub(super) row: Option<SealedRow>,
}

/// `None` for what no program of this version sends.
pub(super) fn parse(message: &str) -> Option<Message> {
    let mut words = message.split(' ');
    let origin = u64::from_str_radix(words.next()?, 16).ok()?;
    let kind = words.next()?;
    let arguments: Vec<&str> = words.collect();
    let mut row = None;
    let change = match (kind, arguments.as_slice()) {
        ("grant", [account, version, rest @ ..]) => {
            if let [owner, fence, sealed] = rest {
                row = Some(SealedRow {
                    key: account.as_bytes().to_vec(),
                    sealed: STANDARD_NO_PAD.decode(sealed).ok()?,
                    clear: Some(format!("{version} {owner} {fence}")),
                });
            } else if !rest.is_empty() {
                return None;
            }
            StoreChange::Grant {
                account: account.parse().ok()?,
                version: GrantVersion(version.parse().ok()?),
            }
        }
        ("failed", [account]) => StoreChange::Failed {
            account: account.parse().ok()?,
        },
        ("demand", [account, version, cause]) => StoreChange::Demand {
            account: account.parse().ok()?,
            version: GrantVersion(version.parse().ok()?),
            cause: CAUSES.iter().find(|(_, word)| word == cause)?.0,
        },
        ("account", [account]) => StoreChange::Account(account.parse().ok()?),
        ("app", [app]) => StoreChange::App(app.parse().ok()?),
        ("admin_tokens", []) => StoreChange::AdminTokens,
        ("notices", []) => StoreChange::Notices,
        ("manifests", []) => StoreChange::Manifests,
        ("key_ring", []) => StoreChange::KeyRing,
        ("replicas", []) => StoreChange::Replicas,
        ("resync", []) => StoreChange::Resync,
        _ => return None,
    };
    Some(Message {
        origin,
        change,
        row,
    })
}

fn word(cause: DemandCause) -> &'static str {
    let found = CAUSES.iter().find(|(known, _)| *known == cause);
    found.map_or("first", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_read_as_it_was_written() {
        let account = || "main".parse().expect("a name");
        let version = GrantVersion(7);
        let mut all = vec![
            StoreChange::Grant {
                account: account(),
                version,
            },
            StoreChange::Failed { account: account() },
            StoreChange::Account(account()),
            StoreChange::App("shop".parse().expect("a name")),
            StoreChange::AdminTokens,
            StoreChange::Notices,
            StoreChange::Manifests,
            StoreChange::KeyRing,
            StoreChange::Replicas,
            StoreChange::Resync,
        ];
        all.extend(CAUSES.map(|(cause, _)| StoreChange::Demand {
            account: account(),
            version,
            cause,
        }));
        for change in all {
            let message = write(0xfeed, &change);
            let read = parse(&message).expect("a message");
            assert_eq!((read.origin, read.change), (0xfeed, change), "{message}");
            assert!(read.row.is_none());
        }
    }

    #[test]
    fn grant_may_come_with_its_row() {
        let read = parse("1 grant main 7 0a 3 AAEC").expect("a message");
        let row = read.row.expect("it has a row");
        assert_eq!(
            (row.key.as_slice(), row.sealed.as_slice()),
            (&b"main"[..], &[0, 1, 2][..])
        );
        assert_eq!(row.clear.as_deref(), Some("7 0a 3"));
    }

    #[test]
    fn hostile_messages_are_nothing() {
        let long = format!("1 account {}", "a".repeat(8_000));
        for message in [
            "",
            " ",
            "grant main 1",
            "1",
            "1 ",
            "1 grant",
            "1 grant main",
            "1 grant main one",
            "1 grant main 1 1",
            "1 grant main 1 one 1",
            "1 grant main 1 one 1 *",
            "1 grant main 1 one 1 AAAA AAAA",
            "1 grant main  1",
            "1 grant ../etc 99999999999999999999",
            "1 demand main 1 because",
            "1 account a\0b",
            "1 account ",
            "1 key_ring now",
            "zz key_ring",
            "11111111111111111 key_ring",
            long.as_str(),
        ] {
            assert!(parse(message).is_none(), "{message:?}");
        }
    }
}

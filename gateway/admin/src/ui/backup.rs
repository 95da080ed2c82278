//! Backups of the store.

use super::{
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, moment, page, render},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use crate::error::AdminError;
use askama::Template;
use axum::response::{IntoResponse as _, Response};
use gateway_api::AuditView;
use gateway_model::{Protection, RecipientError};
use http::header;
use subtle::ConstantTimeEq as _;

/// The entries of the audit trail in which backups are looked for.
const TRAIL: usize = 250;

/// The backups that the page lists.
const ROWS: usize = 10;

#[derive(Template)]
#[template(path = "ui/backup.html")]
struct BackupPage {
    frame: Frame,
    typed: Fields,
    error: Option<(String, Option<String>)>,
    last: Vec<Row>,
}

/// A backup that was made.
struct Row {
    at: Moment,
    actor: String,
    why: &'static str,
    badge: Badge,
}

/// The page of backups.
pub(super) async fn backups(visitor: Visitor) -> PageResult {
    page(&backup_page(&visitor, Fields::default(), None).await?)
}

async fn backup_page(
    visitor: &Visitor,
    typed: Fields,
    error: Option<(String, Option<String>)>,
) -> Result<BackupPage, PageError> {
    let trail = visitor.control.audit(None, TRAIL).await?;
    let last = trail.into_iter().filter_map(|entry| row(visitor, entry));
    Ok(BackupPage {
        frame: Frame::new(visitor, Section::Backup, "Backup"),
        typed,
        error,
        last: last.take(ROWS).collect(),
    })
}

fn row(visitor: &Visitor, entry: AuditView) -> Option<Row> {
    let why = match entry.action.as_str() {
        "store.backup" => "on demand",
        // A migration that has begun has made one; one that was refused may have.
        "migration.start" if entry.outcome.as_deref() == Some("ok") => "before a migration",
        _ => return None,
    };
    Some(Row {
        at: moment(visitor, entry.at),
        actor: entry.actor,
        why,
        badge: words::success(entry.outcome.as_deref() == Some("ok")),
    })
}

/// Makes a backup, which the browser saves as a file.
pub(super) async fn make(visitor: Visitor, fields: Fields) -> PageResult {
    let made = match protection(&fields) {
        Ok(protection) => {
            let made = visitor.control.backup(&visitor.actor, &protection).await;
            made.map_err(AdminError::from)
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(content) => Ok(download(&visitor, content)),
        Err(error) => {
            let detail = error.detail();
            let shown = Some((detail.message, detail.remedy));
            let page = backup_page(&visitor, fields, shown).await?;
            Ok(render(error.status(), &page))
        }
    }
}

/// What the backup is sealed with: a passphrase, or the public half of a key.
fn protection(fields: &Fields) -> Result<Protection, AdminError> {
    let invalid = |message: &str| AdminError::Invalid("invalid", message.to_owned());
    let words = fields.passphrase("passphrase");
    let again = fields.passphrase("passphrase_again");
    match (words.expose(), fields.text("recipient")) {
        ("", "") => Err(invalid("type a passphrase, or the recipient of the backup")),
        ("", recipient) => {
            let recipient = recipient.parse();
            let recipient = recipient.map_err(|error: RecipientError| invalid(&error.to_string()));
            recipient.map(Protection::Recipient)
        }
        // A typing error would make a backup that nobody can open.
        (text, "") if bool::from(text.as_bytes().ct_eq(again.expose().as_bytes())) => {
            Ok(Protection::Passphrase(words))
        }
        (_, "") => Err(invalid(
            "the two passphrases differ, and no backup was made: type the same one twice",
        )),
        (_, _) => Err(invalid(
            "there is a passphrase and a recipient: a backup is sealed with one of them",
        )),
    }
}

fn download(visitor: &Visitor, content: Vec<u8>) -> Response {
    let day = visitor.now.to_zoned(visitor.zone.clone());
    let name = format!(
        "attachment; filename=\"waybill-{}.wb\"",
        day.strftime("%Y-%m-%d")
    );
    let fields = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    (fields, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(form: &str) -> Result<&'static str, String> {
        let made = protection(&Fields::parse(form.as_bytes()));
        made.map(|it| match it {
            Protection::Passphrase(_) => "passphrase",
            Protection::Key(_) => "key",
            Protection::Recipient(_) => "recipient",
        })
        .map_err(|error| error.detail().message)
    }

    #[test]
    fn backup_is_sealed_with_one_thing_that_was_typed_right() {
        let recipient = "waybill-recipient:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let sealed = "passphrase=planted-words&passphrase_again=planted-words";
        assert_eq!(kind(sealed), Ok("passphrase"));
        let for_recipient = format!("recipient={}", recipient.replace('=', "%3D"));
        assert_eq!(kind(&for_recipient), Ok("recipient"));
        for (form, words) in [
            ("", "type a passphrase"),
            (
                "passphrase=planted-words&passphrase_again=planted-word",
                "differ",
            ),
            ("passphrase=planted-words", "differ"),
            ("recipient=planted", "a recipient is"),
            (&format!("{sealed}&{for_recipient}"), "one of them"),
        ] {
            let message = kind(form).expect_err(form);
            assert!(
                message.contains(words) && !message.contains("planted"),
                "{message}"
            );
        }
    }
}

//! Where reminders are sent: the webhook, mail, and the time zone of their dates.

use gateway_model::Secret;
use jiff::tz::TimeZone;

/// Where reminders are sent, and the time zone of their dates.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// The time zone of dates. It also says when a day begins.
    pub zone: TimeZone,
    /// A webhook.
    pub webhook: Option<Webhook>,
    /// Mail to people.
    pub mail: Option<Mail>,
}

impl Default for Reminders {
    /// In UTC, without webhook and mail: notices are in the log and the admin API only.
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            webhook: None,
            mail: None,
        }
    }
}

/// A program that is called for each notice.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The URL. It may contain a secret.
    pub url: Secret,
    /// The key with which calls are signed.
    pub secret: Secret,
}

/// The receivers of mail, and the mail server.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The mail server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Certificates that are trusted in addition to the system's, as PEM.
    pub trusted: Option<Vec<u8>>,
    /// The sender's mailbox.
    pub from: String,
    /// The receivers' mailboxes.
    pub to: Vec<String>,
    /// The login, if the server requires one.
    pub login: Option<MailLogin>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// In clear until STARTTLS. A server without STARTTLS gets no mail.
    StartTls,
    /// In clear: only for a server on this machine.
    Local,
}

/// The login at the mail server.
#[derive(Clone, Debug)]
pub struct MailLogin {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

//! People who are told: one plain mail with everything that is due.

use gateway_model::Secret;
use gateway_store::NoticeRecord;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use std::time::{Duration, SystemTime};

/// One session with the mail server may take this long.
const TIMEOUT: Duration = Duration::from_secs(30);

/// People who are told, and who takes the mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The mail server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: MailSecurity,
    /// Certificates that are trusted besides the system's, as PEM.
    pub trusted: Option<Vec<u8>>,
    /// The sender's mailbox.
    pub from: String,
    /// The receivers' mailboxes.
    pub to: Vec<String>,
    /// What the server wants to know, if anything.
    pub login: Option<MailLogin>,
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// In clear until STARTTLS; a server without it gets no mail.
    StartTls,
    /// In clear: for a server on this machine, where nobody listens on the way.
    Local,
}

/// What a mail server wants to know.
#[derive(Clone, Debug)]
pub struct MailLogin {
    /// Public.
    pub username: String,
    /// Secret.
    pub password: Secret,
}

/// Why a mail did not leave. The text never holds the password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("{0:?} is not a mailbox")]
    Mailbox(String),
    #[error("the mail cannot be written: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("{0}")]
    Server(#[from] lettre::transport::smtp::Error),
    #[error("the mail server took longer than {} s", TIMEOUT.as_secs())]
    Late,
}

/// Sends one mail.
pub(crate) async fn deliver(
    mail: &Mail,
    notices: &[&NoticeRecord],
    now: SystemTime,
) -> Result<(), NotSent> {
    let message = message(mail, notices, now)?;
    let transport = transport(mail)?;
    let sent = tokio::time::timeout(TIMEOUT, transport.send(message)).await;
    sent.map_err(|_elapsed| NotSent::Late)??;
    Ok(())
}

fn message(mail: &Mail, notices: &[&NoticeRecord], now: SystemTime) -> Result<Message, NotSent> {
    let mut builder = Message::builder()
        .date(now)
        .message_id(None)
        .from(mailbox(&mail.from)?)
        .subject(subject(notices));
    for to in &mail.to {
        builder = builder.to(mailbox(to)?);
    }
    Ok(builder
        .header(ContentType::TEXT_PLAIN)
        .body(body(notices))?)
}

fn subject(notices: &[&NoticeRecord]) -> String {
    match notices {
        [one] => format!("Waybill: account {} needs a person", one.account),
        many => format!("Waybill: {} accounts need a person", many.len()),
    }
}

fn body(notices: &[&NoticeRecord]) -> String {
    let mut text = String::new();
    for notice in notices {
        text.push_str(&notice.message);
        text.push_str("\n\n");
    }
    text.push_str("-- \nWaybill repeats this once a day until it is done.\n");
    text
}

fn mailbox(text: &str) -> Result<Mailbox, NotSent> {
    text.parse().map_err(|_| NotSent::Mailbox(text.to_owned()))
}

fn transport(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotSent> {
    let parameters = || {
        let mut builder = TlsParameters::builder(mail.host.clone());
        if let Some(pem) = &mail.trusted {
            builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
        }
        builder.build()
    };
    let tls = match mail.security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::StartTls => Tls::Required(parameters()?),
        MailSecurity::Local => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    if let Some(login) = &mail.login {
        let password = login.password.expose().to_owned();
        builder = builder.credentials(Credentials::new(login.username.clone(), password));
    }
    Ok(builder.build())
}

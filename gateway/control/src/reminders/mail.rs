//! Delivery by mail: one plain-text mail with all notices that are due.

use crate::settings::{Mail, MailSecurity};
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

/// The time limit of one session with the mail server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a mail was not sent. The text never contains the password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("{0:?} is not a valid mailbox")]
    Mailbox(String),
    #[error("the mail cannot be composed: {0}")]
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
) -> Result<(), MailError> {
    let message = message(mail, notices, now)?;
    let transport = transport(mail)?;
    let sent = tokio::time::timeout(TIMEOUT, transport.send(message)).await;
    sent.map_err(|_elapsed| MailError::Late)??;
    Ok(())
}

fn message(mail: &Mail, notices: &[&NoticeRecord], now: SystemTime) -> Result<Message, MailError> {
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
    // Two dashes and a space: mail programs take what follows for a signature.
    text.push_str("-- \nWaybill repeats this mail once a day until the problem is solved.\n");
    text
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse()
        .map_err(|_| MailError::Mailbox(text.to_owned()))
}

fn transport(mail: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let parameters = || {
        let mut builder = TlsParameters::builder(mail.host.clone());
        if let Some(pem) = &mail.trusted {
            builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
        }
        builder.build()
    };
    let tls = match mail.security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        // Required, not opportunistic: an attacker could remove STARTTLS from the server's
        // greeting.
        MailSecurity::StartTls => Tls::Required(parameters()?),
        MailSecurity::Local => Tls::None,
    };
    // `dangerous` means only that the builder sets no TLS itself; it is set below.
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

//! `[reminders.mail]`: people who are told before a grant ends.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{At, Context, Table, shortened},
};
use gateway_model::Secret;
use lettre::message::Mailbox;
use url::Url;

/// Reminders by mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The mail server.
    pub server: MailServer,
    /// The sender's mailbox.
    pub from: String,
    /// The receivers' mailboxes; at least one.
    pub to: Vec<String>,
    /// The login at the mail server, if it needs one.
    pub login: Option<MailLogin>,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// TLS from the first byte (`smtps`); else STARTTLS (`smtp`).
    pub implicit_tls: bool,
    /// The server's name or address.
    pub host: String,
    /// The server's port.
    pub port: u16,
}

/// The login at a mail server.
#[derive(Clone, Debug)]
pub struct MailLogin {
    /// The user name, which is not secret.
    pub username: String,
    /// The password.
    pub password: Secret,
}

static SERVER: Key = Key {
    name: "server",
    kind: Kind::Text("\"smtp://host:587\" or \"smtps://host:465\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The mail server. A connection with `smtp` begins in clear and continues with STARTTLS, \
         and a connection with `smtps` begins with TLS. The ports are 587 and 465 unless given.",
};
static FROM: Key = Key {
    name: "from",
    kind: Kind::Text("\"Waybill <waybill@example.com>\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The sender.",
};
static TO: Key = Key {
    name: "to",
    kind: Kind::Texts("\"ops@example.com\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "The receivers.",
};
static USERNAME: Key = Key {
    name: "username",
    kind: Kind::Text("\"waybill\""),
    preset: Preset::Unset("no login"),
    effect: Effect::Reload,
    doc: "The user at the mail server.",
};
static PASSWORD: Key = Key {
    name: "password",
    kind: Kind::Secret,
    preset: Preset::Unset("no login"),
    effect: Effect::Reload,
    doc: "The password that goes with `username`.",
};

pub(crate) static SECTION: Section = Section {
    path: "reminders.mail",
    repeated: false,
    doc: "Reminders by mail. Without this section the gateway sends no mail.",
    keys: &[&SERVER, &FROM, &TO, &USERNAME, &PASSWORD],
};

impl Mail {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Option<Self> {
        if !table.is_given(cx) {
            return None;
        }
        let server = table.parsed(cx, &SERVER, server);
        let from = table.parsed(cx, &FROM, mailbox);
        let to = receivers(cx, table);
        let login = login(cx, table);
        Some(Self {
            server: server?.value,
            from: from?.value,
            to,
            login,
        })
    }
}

fn receivers(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<String> {
    let texts = table.texts_not_empty(cx, &TO).unwrap_or_default();
    let mut receivers = Vec::new();
    for At { value, place } in texts {
        match mailbox(&value) {
            Ok(receiver) => receivers.push(receiver),
            Err(problem) => {
                let message = format!("{}: {problem}", table.label(&TO));
                cx.mistake(place, message, format!("write {}", TO.kind.form()));
            }
        }
    }
    receivers
}

fn login(cx: &mut Context<'_>, table: &Table<'_>) -> Option<MailLogin> {
    let username = table.parsed(cx, &USERNAME, |text| {
        if text.is_empty() {
            Err("it is empty")
        } else {
            Ok(text.to_owned())
        }
    });
    let password = table.secret(cx, &PASSWORD);
    // The password by its presence: one that could not be read was meant.
    let (has_name, has_password) = (username.is_some(), table.value(&PASSWORD).is_some());
    if has_name != has_password {
        let (have, want) = if has_name {
            (&USERNAME, &PASSWORD)
        } else {
            (&PASSWORD, &USERNAME)
        };
        cx.mistake(
            table.place.clone(),
            format!("{} has a {} but no {}", table.title, have.name, want.name),
            format!("write {} = {}", want.name, want.kind.form()),
        );
    }
    Some(MailLogin {
        username: username?.value,
        password: password?.value,
    })
}

fn mailbox(text: &str) -> Result<String, String> {
    match text.parse::<Mailbox>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("{:?} is not a mail address", shortened(text))),
    }
}

fn server(text: &str) -> Result<MailServer, &'static str> {
    let url: Url = text.parse().map_err(|_| "it is not a URL")?;
    let (implicit_tls, port) = match url.scheme() {
        // 587 is submission with STARTTLS and 465 submission over TLS (RFC 8314).
        "smtp" => (false, 587),
        "smtps" => (true, 465),
        _ => return Err("it begins with neither smtp:// nor smtps://"),
    };
    // Not quoted: what stands before an @ may be a password.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it names a user; write username and password");
    }
    // A path or a query would be ignored without a word.
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("it has more than a host and a port");
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    Ok(MailServer {
        implicit_tls,
        host: host.ok_or("it names no host")?.to_owned(),
        port: url.port().unwrap_or(port),
    })
}

//! Phase 3: the client id and secret of a token request, and the app that they prove.

use super::{caller, hygiene::HeadInspection, token_request::TokenContent};
use crate::{
    directory::{SecretHash, index::Index, view::DirectoryView},
    error::{Code, Problem},
    fields::Fields,
    worker::Connection,
};
use gateway_model::DownstreamToken;
use http::{HeaderName, header};
use percent_encoding::percent_decode_str;

/// A client id and a secret. RFC 6749 section 2.3.1 has a client form-encode both before it makes Basic of
/// them. Many clients do not, so each of the two has two readings: as it was sent, and form-decoded.
pub(super) struct ClientCredentials {
    ids: [String; 2],
    secrets: [SecretHash; 2],
}

/// Who asks for a token.
pub(super) struct Client<'a> {
    /// `None`: a caller on this machine that is no registered app.
    pub(super) app: Option<usize>,
    /// Whom the token names.
    pub(super) subject: String,
    /// In the reading that counted.
    pub(super) client_id: &'a str,
}

impl ClientCredentials {
    /// Reads Basic authentication (RFC 7617), the header fields of a login that is no OAuth, or the content where
    /// the carrier takes both there.
    pub(super) fn read(
        fields: &Fields,
        content: &TokenContent,
        endpoint: &DownstreamToken,
    ) -> Result<Self, Problem> {
        let wrong = |message| Err(Problem::new(Code::InvalidRequest, message));
        if let Some((id, secret)) = of_fields(fields, endpoint) {
            return Ok(Self::of(id, secret));
        }
        let in_content = !endpoint.credentials.is_empty();
        let Some(value) = fields.get(&header::AUTHORIZATION) else {
            if let Some((id, secret)) = endpoint.fields.credentials.first() {
                let problem = format!(
                    "the request has no client id and secret: send them once each in the fields {id} and \
                     {secret}, or both with Basic authentication"
                );
                return Err(Problem::owned(Code::InvalidRequest, problem));
            }
            return match (content.text("client_id"), content.text("client_secret")) {
                (Some(id), Some(secret)) if in_content => Ok(Self::of(id, secret)),
                _ if in_content => wrong(
                    "the request has no client id and secret, or has one of them twice: send client_id \
                     and client_secret once each in the content, or both with Basic authentication",
                ),
                _ if content.has_credentials() => wrong(
                    "the client id and secret stand in the form: send them with Basic authentication",
                ),
                _ => wrong(
                    "the request has no client id and secret: send them with Basic authentication",
                ),
            };
        };
        let value = value.as_bytes();
        let basic = value.split_at_checked(6);
        let Some((_, encoded)) = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"basic "))
        else {
            return wrong(
                "the scheme of Authorization is not Basic: send the client id and secret with Basic \
                 authentication",
            );
        };
        let Some((id, secret)) = decode(encoded) else {
            return wrong(
                "the value behind Basic is not the Base64 of \"client id:secret\": encode it again",
            );
        };
        Ok(Self::of(&id, &secret))
    }

    fn of(id: &str, secret: &str) -> Self {
        Self {
            secrets: [
                SecretHash::of(secret),
                SecretHash::of(&form_decoded(secret)),
            ],
            ids: [form_decoded(id), id.to_owned()],
        }
    }

    /// The client id as it was sent.
    fn sent_id(&self) -> &str {
        &self.ids[1]
    }
}

/// The client id and secret in the fields of a login.
fn of_fields<'a>(fields: &'a Fields, endpoint: &'a DownstreamToken) -> Option<(&'a str, &'a str)> {
    let once = |name: &'a HeaderName| {
        let mut values = fields.get_all(name);
        // Two readers might take different ones.
        let value = values.next().filter(|_| values.next().is_none())?;
        value.to_str().ok()
    };
    let mut pairs = endpoint.fields.credentials.iter();
    pairs.find_map(|(id, secret)| once(id).zip(once(secret)))
}

/// The app whose client id and secret a request has in Basic authentication.
pub(super) fn app_by_basic(
    connection: &Connection,
    index: &Index,
    fields: &Fields,
) -> Option<usize> {
    let value = fields.get(&header::AUTHORIZATION)?.as_bytes();
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let (id, secret) = decode(encoded)?;
    let credentials = ClientCredentials::of(&id, &secret);
    let found = proven(index, &credentials).and_then(|client| client.app);
    if found.is_none() {
        let known = (credentials.ids.iter()).find_map(|id| index.app_by_client_id(id));
        report(connection, index, &credentials, known);
    }
    found
}

fn decode(encoded: &[u8]) -> Option<(String, String)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
    // Before any form-decoding: a colon of the id or of the secret is escaped in the encoded reading.
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// `+` is a space, and escapes are decoded. What is no text then has one reading only.
fn form_decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map_or_else(|_| text.to_owned(), |decoded| decoded.into_owned())
}

/// Authenticates the client.
pub(super) fn authenticate<'a>(
    connection: &Connection,
    directory: &DirectoryView,
    inspection: &HeadInspection,
    credentials: &'a ClientCredentials,
) -> Result<Client<'a>, Problem> {
    let index = &directory.index;
    if let Some(client) = proven(index, credentials) {
        return Ok(client);
    }
    let known = (credentials.ids.iter()).find_map(|id| index.app_by_client_id(id));
    report(connection, index, credentials, known);
    if known.is_none() && connection.is_trusted() {
        // A web page must not get a token either: with it, it would pass the later check.
        caller::refuse_web_pages(inspection)?;
        let client_id = credentials.sent_id();
        return Ok(Client {
            app: None,
            subject: client_id.to_owned(),
            client_id,
        });
    }
    // An unknown id and a wrong secret get the same response, so that ids cannot be guessed.
    Err(Problem::new(
        Code::InvalidClient,
        "the client id is unknown at this gateway, or the secret is wrong; register the app with \
         `waybill app add`, or replace its secret with `waybill app rotate`",
    ))
}

/// The app that the credentials prove. The work is the same whatever they are: two look-ups, and each reading
/// of the secret compared once for each, so that the time tells neither a registered id nor a reading.
fn proven<'a>(index: &Index, credentials: &'a ClientCredentials) -> Option<Client<'a>> {
    const NOBODY: SecretHash = SecretHash::from_bytes([0; 32]);
    let mut found = None;
    for id in &credentials.ids {
        let app = index.app_by_client_id(id);
        let login = app.and_then(|app| index.apps[app].app.login.as_ref());
        let stored = login.map_or(&NOBODY, |login| &login.secret);
        let [raw, decoded] = &credentials.secrets;
        let fits = bool::from(stored.ct_eq(raw) | stored.ct_eq(decoded));
        if let Some(app) = app.filter(|_| fits) {
            found = Some((app, id.as_str()));
        }
    }
    let (app, client_id) = found?;
    Some(Client {
        app: Some(app),
        subject: index.apps[app].subject()?,
        client_id,
    })
}

/// Tells the operator of credentials that look like a registered app's and prove none: its developer sees the
/// carrier's refusal only, or on a trusted listener nothing at all.
#[cold]
fn report(
    connection: &Connection,
    index: &Index,
    credentials: &ClientCredentials,
    known: Option<usize>,
) {
    let worker = &connection.worker;
    // Before the search, which costs more with each app: a flood of guesses must not buy it each time.
    let Some(left_out) = worker.failed_logins.admit(worker.now()) else {
        return;
    };
    let (peer, trusted) = (connection.peer.get(), connection.is_trusted());
    // Never what was sent: people paste secrets into the wrong place.
    if let Some(app) = known {
        let app = index.apps[app].app.id.as_str();
        tracing::warn!(%peer, app, left_out, "a request has the client id of this app and a wrong secret");
    } else if let Some((app, what)) = resembling(index, credentials) {
        let app = index.apps[app].app.id.as_str();
        let outcome = if trusted {
            "served as a caller without credentials, because the listener has trust_loopback"
        } else {
            "refused"
        };
        tracing::warn!(%peer, app, left_out, outcome, "a request has {what}, but not its client id");
    }
}

/// The app that a client probably meant, and by what it is told.
fn resembling(index: &Index, credentials: &ClientCredentials) -> Option<(usize, &'static str)> {
    let plain = |text: &str| form_decoded(text).trim().to_ascii_lowercase();
    let sent: Vec<String> = credentials.ids.iter().map(|id| plain(id)).collect();
    index.apps.iter().enumerate().find_map(|(at, indexed)| {
        let login = indexed.app.login.as_ref()?;
        let what = if sent.contains(&plain(&login.client_id)) {
            "almost the client id of this app"
        } else if sent.contains(&plain(indexed.app.id.as_str())) {
            "the name of this app as its client id"
        } else if credentials
            .secrets
            .iter()
            .any(|secret| bool::from(login.secret.ct_eq(secret)))
        {
            "the secret of this app"
        } else {
            return None;
        };
        Some((at, what))
    })
}

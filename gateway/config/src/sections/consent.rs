//! `[consent]`: how a person signs in at a carrier.

use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{Context, Table},
};
use std::{net::SocketAddr, time::Duration};
use url::{Host, Url};

/// How a person signs in at a carrier.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Where the carrier sends the person back to, exactly as it was written; `None`: the admin
    /// listener.
    pub redirect_uri: Option<String>,
    /// How long a sign-in link works.
    pub lifetime: Duration,
}

static REDIRECT_URI: Key = Key {
    name: "redirect_uri",
    kind: Kind::Text("\"https://waybill.example/oauth/callback\""),
    preset: Preset::Unset("`/oauth/callback` of the admin listener"),
    effect: Effect::Reload,
    doc: "The URL to which the carrier sends the browser after the sign-in. Register exactly \
         this URL at the carrier. The URL must lead the browser to the admin listener. If it \
         does not, give the address from the browser to `waybill account paste`.",
};
static LIFETIME: Key = Key {
    name: "lifetime",
    kind: Kind::Duration {
        // A person has to find the password first.
        min: Duration::from_secs(60),
        max: Duration::from_secs(3600),
    },
    // RFC 6749 recommends ten minutes at most for a code; the link to it need not live longer.
    preset: Preset::Text("10m"),
    effect: Effect::Reload,
    doc: "How long a sign-in link works.",
};

pub(crate) static SECTION: Section = Section {
    path: "consent",
    repeated: false,
    doc: "How a person signs in at a carrier.",
    keys: &[&REDIRECT_URI, &LIFETIME],
};

impl Consent {
    pub(crate) fn read(cx: &mut Context<'_>, table: &Table<'_>, admin: SocketAddr) -> Self {
        let redirect_uri = table.parsed(cx, &REDIRECT_URI, |text| {
            address(text).map(|url| (text.to_owned(), url))
        });
        // Noted and not refused: the whole way may be a private network.
        if let Some(at) = &redirect_uri
            && at.value.1.scheme() == "http"
            && !is_loopback(&at.value.1)
        {
            let message = "the carrier's answer comes back over plain http, and its code can be read \
                           on the way: use https";
            cx.note(at.place.clone(), message);
        }
        // Only if the section is used: most gateways never send a person to a carrier.
        if table.is_given(cx) && redirect_uri.is_none() && admin.ip().is_unspecified() {
            let message = format!(
                "a browser cannot be sent to {admin}: set redirect_uri to the address by which people \
                 reach the admin listener"
            );
            cx.note(table.place.clone(), message);
        }
        Self {
            redirect_uri: redirect_uri.map(|at| at.value.0),
            lifetime: table.duration(cx, &LIFETIME),
        }
    }
}

/// An absolute http or https address, as a redirect URI may be.
pub(crate) fn address(text: &str) -> Result<Url, String> {
    let url: Url = text
        .parse()
        // The parser's message is dropped, as it would quote the address.
        .map_err(|_| "it is not an absolute address".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("it begins with neither http:// nor https://".into());
    }
    // The text is sent and compared as it stands.
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("it holds a space or a character outside ASCII".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it names a user".into());
    }
    if url.query().is_some() {
        return Err("it has a query".into());
    }
    // The code comes in the query, and a fragment never reaches a server.
    if url.fragment().is_some() {
        return Err("it has a fragment".into());
    }
    Ok(url)
}

/// Whether a URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // By name only: what it resolves to is not known yet.
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

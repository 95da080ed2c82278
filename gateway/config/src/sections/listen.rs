//! `[listen]`, `[listen.tls]` and `[listen.admin_tls]`: where the gateway is reached.

use super::client_address::{
    ADMIN_CLIENT_ADDRESS, APPS_CLIENT_ADDRESS, ClientAddresses, TRUSTED_PROXIES,
};
use crate::{
    description::{Effect, Key, Kind, Preset, Section},
    reader::{At, Context, Table, shortened},
};
use gateway_model::ClientAddressSource;
use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf};

/// Where the gateway is reached.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The data plane, at least one address; port 0 lets the system choose.
    pub apps: Vec<SocketAddr>,
    /// The admin API, metrics and health.
    pub admin: SocketAddr,
    /// Further host names by which the admin listener may be called.
    pub admin_hosts: Vec<String>,
    /// Callers on a loopback apps listener need no credentials.
    pub trust_loopback: bool,
    /// From what the admin listener learns a client's address.
    pub admin_client_address: ClientAddressSource,
    /// From what the apps listeners learn a client's address.
    pub apps_client_address: ClientAddressSource,
    /// TLS for the apps listeners.
    pub tls: Option<ListenTls>,
    /// TLS for the admin listener.
    pub admin_tls: Option<ListenTls>,
}

/// A certificate chain and its key, both PEM files that could be read.
#[derive(Clone, Debug)]
pub struct ListenTls {
    /// The chain, the listener's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

static APPS: Key = Key {
    name: "apps",
    kind: Kind::Texts("\"127.0.0.1:8080\""),
    preset: Preset::Text("127.0.0.1:8080"),
    effect: Effect::Restart,
    doc: "The address and port to which apps send carrier requests, or a list of them. With port \
         0 the system chooses a port.",
};
static ADMIN: Key = Key {
    name: "admin",
    kind: Kind::Text("\"127.0.0.1:8081\""),
    // Loopback: without TLS an admin token crosses the network in clear.
    preset: Preset::Text("127.0.0.1:8081"),
    effect: Effect::Restart,
    doc: "The address and port of the admin API, the metrics and the health checks. Metrics and \
         health checks need no login, so keep this address on a loopback or management network.",
};
static ADMIN_HOSTS: Key = Key {
    name: "admin_hosts",
    kind: Kind::Texts("\"waybill.internal\""),
    preset: Preset::Unset("loopback names and addresses only"),
    effect: Effect::Reload,
    doc: "Further host names of the admin listener. The admin listener refuses requests with any \
         other `Host`, so that a web page cannot reach it through DNS.",
};
static TRUST_LOOPBACK: Key = Key {
    name: "trust_loopback",
    kind: Kind::Bool,
    // Off: any program and any web page on the machine could use the accounts.
    preset: Preset::Bool(false),
    effect: Effect::Reload,
    doc: "Callers of an apps listener on a loopback address need no credentials. Any local \
         program can then use every account that the routes name.",
};
static CERT: Key = Key {
    name: "cert",
    kind: Kind::Path("\"tls/cert.pem\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "PEM file with the certificate chain, the listener's own certificate first.",
};
static KEY: Key = Key {
    name: "key",
    kind: Kind::Path("\"tls/key.pem\""),
    preset: Preset::Required,
    effect: Effect::Reload,
    doc: "PEM file with the private key.",
};

pub(crate) static SECTION: Section = Section {
    path: "listen",
    repeated: false,
    doc: "The addresses on which the gateway listens.",
    keys: &[
        &APPS,
        &ADMIN,
        &ADMIN_HOSTS,
        &TRUST_LOOPBACK,
        &TRUSTED_PROXIES,
        &ADMIN_CLIENT_ADDRESS,
        &APPS_CLIENT_ADDRESS,
    ],
};
pub(crate) static TLS: Section = Section {
    path: "listen.tls",
    repeated: false,
    doc: "TLS for the apps listeners; absent means plain HTTP.",
    keys: &[&CERT, &KEY],
};
pub(crate) static ADMIN_TLS: Section = Section {
    path: "listen.admin_tls",
    repeated: false,
    doc: "TLS for the admin listener: its API, its pages, metrics and health checks. Absent means plain HTTP.",
    keys: &[&CERT, &KEY],
};

impl Listen {
    /// The URL of the admin listener at this address, without a path. With TLS it has the first of
    /// `admin_hosts`, since a certificate is usually for a name.
    pub fn admin_url(&self, addr: SocketAddr) -> String {
        match (&self.admin_tls, self.admin_hosts.first()) {
            (None, _) => format!("http://{addr}"),
            (Some(_), None) => format!("https://{addr}"),
            (Some(_), Some(name)) => format!("https://{name}:{}", addr.port()),
        }
    }

    pub(crate) fn read(
        cx: &mut Context<'_>,
        table: &Table<'_>,
        (tls, admin_tls): (&Table<'_>, &Table<'_>),
    ) -> Self {
        let apps = addresses(cx, table);
        let admin = admin(cx, table);
        let trust_loopback = table.bool(cx, &TRUST_LOOPBACK);
        let client_addresses = ClientAddresses::read(cx, table);
        let listen = Self {
            apps: apps.iter().map(|at| at.value).collect(),
            admin,
            admin_hosts: hosts(cx, table, &ADMIN_HOSTS),
            trust_loopback,
            admin_client_address: client_addresses.admin,
            apps_client_address: client_addresses.apps,
            tls: read_tls(cx, tls),
            admin_tls: read_tls(cx, admin_tls),
        };
        listen.refuse_shared_address(cx, &apps);
        listen.advise(cx, table, &apps);
        listen
    }

    /// The admin listener binds last, and would find its address taken by this very program.
    fn refuse_shared_address(&self, cx: &mut Context<'_>, apps: &[At<SocketAddr>]) {
        // All addresses are compared: an apps listener on every address covers the admin's, too.
        for at in apps.iter().filter(|at| overlap(at.value, self.admin)) {
            let message = format!(
                "apps {} and admin {} are the same address and port",
                at.value, self.admin
            );
            cx.mistake(at.place.clone(), message, "give one of them another port");
        }
    }

    fn advise(&self, cx: &mut Context<'_>, table: &Table<'_>, apps: &[At<SocketAddr>]) {
        for at in apps {
            // Noted only, since TLS may end in front of the gateway.
            if !at.value.ip().is_loopback() && self.tls.is_none() {
                cx.note(
                    at.place.clone(),
                    format!(
                        "apps reach {} without TLS: their credentials cross the network in clear; \
                         add [listen.tls] unless something in front ends TLS",
                        at.value
                    ),
                );
            }
        }
        if self.trust_loopback && !apps.iter().any(|at| at.value.ip().is_loopback()) {
            cx.note(
                table.place.clone(),
                "trust_loopback has no effect: no apps listener is on a loopback address",
            );
        }
        if !self.admin.ip().is_loopback() {
            let tls = if self.admin_tls.is_some() {
                ""
            } else {
                "without TLS (add [listen.admin_tls]), "
            };
            cx.note(
                table.place.clone(),
                format!(
                    "the admin listener {} can be reached from other machines, {tls}and tells its \
                     metrics to anybody",
                    self.admin
                ),
            );
        }
    }
}

/// Whether two listeners cannot both be bound. An unspecified address takes its port on every
/// address; port 0 is a new one each time.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = one.ip() == other.ip()
        // An IPv6 socket may or may not take IPv4 as well, so only equal families are compared.
        || (one.is_ipv4() == other.is_ipv4()
            && (one.ip().is_unspecified() || other.ip().is_unspecified()));
    one.port() != 0 && one.port() == other.port() && covers
}

/// The admin listener alone.
pub(crate) fn admin(cx: &mut Context<'_>, table: &Table<'_>) -> SocketAddr {
    let at = table.parsed(cx, &ADMIN, address);
    at.map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8081)), |at| at.value)
}

fn addresses(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<At<SocketAddr>> {
    let Some(texts) = table.texts_not_empty(cx, &APPS) else {
        return Vec::new();
    };
    let mut addresses: Vec<At<SocketAddr>> = Vec::new();
    let mut seen = BTreeSet::new();
    for At { value: text, place } in texts {
        match address(&text) {
            Err(problem) => {
                let message = format!("{}: {problem}", table.label(&APPS));
                cx.mistake(place, message, format!("write {}", APPS.kind.form()));
            }
            // Several listeners on port 0 are distinct: each gets a port of its own.
            Ok(value) if value.port() == 0 || seen.insert(value) => {
                addresses.push(At { value, place });
            }
            Ok(value) => cx.mistake(
                place,
                format!("{value} is listed twice"),
                "remove one of them",
            ),
        }
    }
    addresses
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("{:?} is not an address and a port", shortened(text)))
}

/// Host names: lower case, no port, no path.
pub(crate) fn hosts(cx: &mut Context<'_>, table: &Table<'_>, key: &Key) -> Vec<String> {
    let mut hosts = Vec::new();
    let mut seen = BTreeSet::new();
    for At { value, place } in table.texts(cx, key).unwrap_or_default() {
        // The underscore is no host name by RFC 952, but internal names have it.
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        let is_v6 = value
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
        let is_name = (1..=253).contains(&value.len()) && value.bytes().all(allowed);
        // Hosts are compared without case.
        let host = value.to_ascii_lowercase();
        if !(is_v6 || is_name) {
            let found = format!("{:?}, which is not a host name", shortened(&value));
            table.refuse(cx, key, place, &found);
        } else if seen.insert(host.clone()) {
            hosts.push(host);
        } else {
            cx.mistake(
                place,
                format!("{host} is listed twice"),
                "remove one of them",
            );
        }
    }
    hosts
}

fn read_tls(cx: &mut Context<'_>, table: &Table<'_>) -> Option<ListenTls> {
    if !table.is_given(cx) {
        return None;
    }
    let cert = table.pem(cx, &CERT, &["CERTIFICATE"]);
    let key = table.pem(
        cx,
        &KEY,
        &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"],
    );
    Some(ListenTls {
        cert: cert?,
        key: key?,
    })
}

/// The certificate of the admin listener, for a command beside the gateway. The command may be of a user
/// who cannot read it, so the file is not opened here.
pub(crate) fn admin_cert(cx: &mut Context<'_>, table: &Table<'_>) -> Option<PathBuf> {
    if !table.is_given(cx) {
        return None;
    }
    table.path(cx, &CERT).map(|at| at.value)
}

//! The keys of `[listen]` that say whose address a connection counts for.

use crate::{
    description::{Effect, Key, Kind, Preset},
    reader::{At, Context, Table, shortened},
};
use gateway_model::{ClientAddressSource, ProxyNetwork, TrustedProxies};
use std::collections::BTreeSet;

pub(super) static TRUSTED_PROXIES: Key = Key {
    name: "trusted_proxies",
    kind: Kind::Texts("\"10.0.0.0/8\""),
    // Nobody: a proxy that is believed can make a request count for any address.
    preset: Preset::Unset("none is trusted"),
    effect: Effect::Reload,
    doc: "Networks or addresses of the load balancers that may say whom a connection comes from. Every \
          machine in them can claim any address: list the balancers only.",
};
pub(super) static ADMIN_CLIENT_ADDRESS: Key = Key {
    name: "admin_client_address",
    kind: Kind::OneOf(&["connection", "proxy-protocol", "x-forwarded-for"]),
    preset: Preset::Text("connection"),
    effect: Effect::Reload,
    doc: "From what the admin listener learns a client's address, for its limits and its log. With \
          `proxy-protocol` each connection from `trusted_proxies` must begin with a PROXY protocol header \
          (version 1 or 2); with `x-forwarded-for` the last address of that field that is no trusted \
          proxy counts.",
};
pub(super) static APPS_CLIENT_ADDRESS: Key = Key {
    name: "apps_client_address",
    kind: Kind::OneOf(&["connection", "proxy-protocol"]),
    preset: Preset::Text("connection"),
    effect: Effect::Reload,
    doc: "From what the apps listeners learn a client's address, for the log. With `proxy-protocol` each \
          connection from `trusted_proxies` must begin with a PROXY protocol header, before TLS; \
          `trust_loopback` does not hold for it.",
};

/// What the three keys say together.
pub(super) struct ClientAddresses {
    pub(super) admin: ClientAddressSource,
    pub(super) apps: ClientAddressSource,
}

impl ClientAddresses {
    pub(super) fn read(cx: &mut Context<'_>, table: &Table<'_>) -> Self {
        let before = cx.mistakes.len();
        let networks = networks(cx, table);
        let are_sound = cx.mistakes.len() == before;
        let proxies: TrustedProxies = networks.iter().map(|at| at.value).collect();
        let admin = source(cx, table, &ADMIN_CLIENT_ADDRESS, &proxies, true);
        let apps = source(cx, table, &APPS_CLIENT_ADDRESS, &proxies, false);
        for (key, found) in [
            (&ADMIN_CLIENT_ADDRESS, &admin),
            (&APPS_CLIENT_ADDRESS, &apps),
        ] {
            // A mistake in the list must not look like a list that is missing.
            if let Some(at) = found
                && at.value != ClientAddressSource::Connection
                && networks.is_empty()
                && are_sound
            {
                let message = format!("{} needs trusted_proxies", table.label(key));
                let fix = "write trusted_proxies = [\"10.0.0.0/8\"] with the networks of your load balancers";
                cx.mistake(at.place.clone(), message, fix);
            }
        }
        let value = |at: Option<At<ClientAddressSource>>| at.map(|at| at.value).unwrap_or_default();
        let addresses = Self {
            admin: value(admin),
            apps: value(apps),
        };
        addresses.advise(cx, &networks);
        addresses
    }

    fn advise(&self, cx: &mut Context<'_>, networks: &[At<ProxyNetwork>]) {
        let Some(first) = networks.first() else {
            return;
        };
        let is_used = [&self.admin, &self.apps].map(|of| *of != ClientAddressSource::Connection);
        if is_used == [false, false] {
            cx.note(
                first.place.clone(),
                "trusted_proxies has no effect: admin_client_address and apps_client_address are \
                 \"connection\"",
            );
        }
        let local = networks.iter().find(|at| at.value.has_loopback());
        if let (Some(local), ClientAddressSource::ProxyProtocol(_)) = (local, &self.admin) {
            cx.note(
                local.place.clone(),
                "trusted_proxies has this machine: the waybill commands cannot reach the admin listener \
                 from it, because they send no PROXY protocol header",
            );
        }
    }
}

fn networks(cx: &mut Context<'_>, table: &Table<'_>) -> Vec<At<ProxyNetwork>> {
    let mut networks = Vec::new();
    let mut seen = BTreeSet::new();
    for At { value: text, place } in table.texts(cx, &TRUSTED_PROXIES).unwrap_or_default() {
        match text.parse::<ProxyNetwork>() {
            Ok(value) if seen.insert(value) => networks.push(At { value, place }),
            Ok(value) => cx.mistake(
                place,
                format!("{value} is listed twice"),
                "remove one of them",
            ),
            Err(error) => {
                let found = format!("{:?}: {error}", shortened(&text));
                cx.mistake(
                    place,
                    format!("{} has {found}", table.label(&TRUSTED_PROXIES)),
                    format!("write {}", TRUSTED_PROXIES.kind.form()),
                );
            }
        }
    }
    networks
}

fn source(
    cx: &mut Context<'_>,
    table: &Table<'_>,
    key: &Key,
    proxies: &TrustedProxies,
    takes_field: bool,
) -> Option<At<ClientAddressSource>> {
    table.parsed(cx, key, |text| match text {
        "connection" => Ok(ClientAddressSource::Connection),
        "proxy-protocol" => Ok(ClientAddressSource::ProxyProtocol(proxies.clone())),
        "x-forwarded-for" if takes_field => Ok(ClientAddressSource::XForwardedFor(proxies.clone())),
        other => Err(format!(
            "{:?} is no source of addresses here",
            shortened(other)
        )),
    })
}

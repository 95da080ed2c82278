//! The sections that stand once in a file, setting by setting.

use super::Found;
use crate::{
    Admin, Collector, Consent, Fleet, Limits, Listen, ListenTls, Log, Mail, MailLogin, MailServer,
    Metrics, Plugins, Reminders, Telemetry, Tokens, Upstream, Webhook, Workers,
};
use gateway_model::{
    ClientAddressSource, IsolationPolicy, MasterKeySource, PluginPolicy, Secret, StoreOptions,
    StoreUrl,
};

pub(super) fn listen(found: &mut Found, old: &Listen, new: &Listen) {
    let Listen {
        apps,
        admin,
        admin_hosts,
        trust_loopback,
        admin_client_address,
        apps_client_address,
        tls,
        admin_tls,
    } = old;
    let mut note = |key, differs| found.note("listen", key, differs);
    note("apps", *apps != new.apps);
    note("admin", *admin != new.admin);
    note("admin_hosts", *admin_hosts != new.admin_hosts);
    note("trust_loopback", *trust_loopback != new.trust_loopback);
    // The networks stand in the sources, so they differ if a source of the same kind does.
    let kinds = [
        (admin_client_address, &new.admin_client_address),
        (apps_client_address, &new.apps_client_address),
    ];
    let networks = |(one, other): &(&ClientAddressSource, &ClientAddressSource)| {
        kind(one) == kind(other) && one != other
    };
    note("trusted_proxies", kinds.iter().any(networks));
    let [admin, apps] = kinds.map(|(one, other)| kind(one) != kind(other));
    note("admin_client_address", admin);
    note("apps_client_address", apps);
    listen_tls(found, "listen.tls", (tls.as_ref(), new.tls.as_ref()));
    let admin_tls = (admin_tls.as_ref(), new.admin_tls.as_ref());
    listen_tls(found, "listen.admin_tls", admin_tls);
}

fn listen_tls(
    found: &mut Found,
    section: &'static str,
    (old, new): (Option<&ListenTls>, Option<&ListenTls>),
) {
    let differs = |of: fn(&ListenTls) -> &std::path::PathBuf| old.map(of) != new.map(of);
    let cert = differs(|ListenTls { cert, key: _ }| cert);
    let key = differs(|ListenTls { cert: _, key }| key);
    found.note(section, "cert", cert);
    found.note(section, "key", key);
}

const fn kind(source: &ClientAddressSource) -> u8 {
    match source {
        ClientAddressSource::Connection => 0,
        ClientAddressSource::ProxyProtocol(_) => 1,
        ClientAddressSource::XForwardedFor(_) => 2,
    }
}

pub(super) fn workers(found: &mut Found, Workers { count }: Workers, new: Workers) {
    found.note("workers", "count", count != new.count);
}

pub(super) fn admin(found: &mut Found, Admin { token_file }: &Admin, new: &Admin) {
    found.note("admin", "token_file", *token_file != new.token_file);
}

pub(super) fn store(found: &mut Found, old: &StoreOptions, new: &StoreOptions) {
    let StoreOptions {
        url,
        master_key,
        old_keys,
        listen_url,
    } = old;
    found.note("store", "url", !same_url(url, &new.url));
    let same = same_option(listen_url.as_ref(), new.listen_url.as_ref());
    found.note("store", "listen_url", !same);
    let same = same_source(master_key, &new.master_key);
    found.note("store", "master_key", !same);
    let pairs = old_keys.iter().zip(&new.old_keys);
    let same = old_keys.len() == new.old_keys.len()
        && pairs
            .into_iter()
            .all(|(one, other)| same_source(one, other));
    found.note("store", "old_keys", !same);
}

fn same_url(one: &StoreUrl, other: &StoreUrl) -> bool {
    match (one, other) {
        (StoreUrl::Memory, StoreUrl::Memory) => true,
        (StoreUrl::Sqlite(one), StoreUrl::Sqlite(other)) => one == other,
        (StoreUrl::Postgres(one), StoreUrl::Postgres(other)) => same_secret(one, other),
        (StoreUrl::Memory | StoreUrl::Sqlite(_) | StoreUrl::Postgres(_), _) => false,
    }
}

fn same_source(one: &MasterKeySource, other: &MasterKeySource) -> bool {
    use MasterKeySource::{Command, Env, Ephemeral, File};
    match (one, other) {
        (File(one), File(other)) => one == other,
        (Env(one), Env(other)) => one == other,
        (Command(one), Command(other)) => one == other,
        (Ephemeral, Ephemeral) => true,
        (File(_) | Env(_) | Command(_) | Ephemeral, _) => false,
    }
}

pub(super) fn fleet(found: &mut Found, old: &Fleet, new: &Fleet) {
    let Fleet { name, lease } = old;
    found.note("fleet", "name", *name != new.name);
    found.note("fleet", "lease", *lease != new.lease);
}

pub(super) fn consent(found: &mut Found, old: &Consent, new: &Consent) {
    let Consent {
        redirect_uri,
        lifetime,
    } = old;
    found.note("consent", "redirect_uri", *redirect_uri != new.redirect_uri);
    found.note("consent", "lifetime", *lifetime != new.lifetime);
}

pub(super) fn reminders(found: &mut Found, old: &Reminders, new: &Reminders) {
    let Reminders {
        before,
        zone,
        webhook,
        mail,
    } = old;
    found.note("reminders", "days_before", *before != new.before);
    found.note("reminders", "zone", *zone != new.zone);
    let secret = |of: fn(&Webhook) -> &Secret| {
        !same_option(webhook.as_ref().map(of), new.webhook.as_ref().map(of))
    };
    let url = secret(|Webhook { url, secret: _ }| url);
    found.note("reminders.webhook", "url", url);
    let key = secret(|Webhook { url: _, secret }| secret);
    found.note("reminders.webhook", "secret", key);
    self::mail(found, mail.as_ref(), new.mail.as_ref());
}

fn mail(found: &mut Found, old: Option<&Mail>, new: Option<&Mail>) {
    /// What of a section on mail is compared.
    type Parts<'m> = (&'m MailServer, &'m str, &'m [String], Option<&'m MailLogin>);
    let parts = |mail: Option<&Mail>, of: &dyn Fn(Parts<'_>) -> String| {
        mail.map(
            |Mail {
                 server,
                 from,
                 to,
                 login,
             }| of((server, from, to, login.as_ref())),
        )
    };
    let mut note = |key, of: &dyn Fn(Parts<'_>) -> String| {
        let differs = parts(old, of) != parts(new, of);
        found.note("reminders.mail", key, differs);
    };
    note("server", &|(server, ..)| format!("{server:?}"));
    note("from", &|(_, from, ..)| from.to_owned());
    note("to", &|(_, _, to, _)| to.join("\n"));
    note("username", &|(.., login)| {
        login.map_or_else(
            String::new,
            |MailLogin {
                 username,
                 password: _,
             }| username.clone(),
        )
    });
    let password = |mail: Option<&'_ Mail>| mail.and_then(|mail| mail.login.clone());
    let (old, new) = (password(old), password(new));
    let same = same_option(
        old.as_ref().map(|login| &login.password),
        new.as_ref().map(|login| &login.password),
    );
    found.note("reminders.mail", "password", !same);
}

pub(super) fn plugins(found: &mut Found, old: &Plugins, new: &Plugins) {
    let Plugins { dir, cache, policy } = old;
    let PluginPolicy {
        strict,
        pins,
        trusted_keys,
        require_trusted,
        isolation,
        carriers,
    } = policy;
    let IsolationPolicy {
        default,
        each,
        memory,
        sign_deadline,
    } = isolation;
    let (policy, isolated) = (&new.policy, &new.policy.isolation);
    let mut note = |key, differs| found.note("plugins", key, differs);
    note("dir", *dir != new.dir);
    note("cache", *cache != new.cache);
    note("strict", *strict != policy.strict);
    note("trusted_keys", *trusted_keys != policy.trusted_keys);
    note(
        "require_trusted",
        *require_trusted != policy.require_trusted,
    );
    note("pins", *pins != policy.pins);
    note("isolation", *default != isolated.default);
    note("carriers", *carriers != policy.carriers);
    note("isolation_of", *each != isolated.each);
    note("worker_memory", *memory != isolated.memory);
    note(
        "worker_sign_timeout",
        *sign_deadline != isolated.sign_deadline,
    );
}

pub(super) fn upstream(found: &mut Found, old: &Upstream, new: &Upstream) {
    let Upstream { ca_file, http2 } = old;
    found.note("upstream", "ca_file", *ca_file != new.ca_file);
    found.note("upstream", "http2", *http2 != new.http2);
}

pub(super) fn limits(found: &mut Found, old: &Limits, new: &Limits) {
    let Limits {
        head_bytes,
        target_bytes,
        body_bytes,
        replay_bytes,
        connections,
        upstream_idle_connections,
        http2_streams,
        head_read,
        body_idle,
        write_idle,
        write_rate,
        keep_alive_idle,
        handshake,
        connect,
        first_byte,
        upstream_idle,
        drain,
        http1_server,
    } = old;
    let mut note = |key, differs| found.note("limits", key, differs);
    note("head", *head_bytes != new.head_bytes);
    note("target", *target_bytes != new.target_bytes);
    note("body", *body_bytes != new.body_bytes);
    note("replay_buffer", *replay_bytes != new.replay_bytes);
    note("connections", *connections != new.connections);
    let idle = *upstream_idle_connections != new.upstream_idle_connections;
    note("upstream_idle_connections", idle);
    note("http2_streams", *http2_streams != new.http2_streams);
    note("head_timeout", *head_read != new.head_read);
    note("body_idle_timeout", *body_idle != new.body_idle);
    note("write_timeout", *write_idle != new.write_idle);
    note("write_rate", *write_rate != new.write_rate);
    note(
        "keep_alive_timeout",
        *keep_alive_idle != new.keep_alive_idle,
    );
    note("handshake_timeout", *handshake != new.handshake);
    note("connect_timeout", *connect != new.connect);
    note("first_byte_timeout", *first_byte != new.first_byte);
    note("upstream_idle_timeout", *upstream_idle != new.upstream_idle);
    note("drain_timeout", *drain != new.drain);
    note("http1_server", *http1_server != new.http1_server);
}

pub(super) fn tokens(found: &mut Found, old: &Tokens, new: &Tokens) {
    let Tokens {
        renew_at,
        jitter,
        margin,
        mint_budget,
        mint_refill,
        request_timeout,
        acquire_wait,
        app_token_lifetime,
        app_token_requests_per_minute,
    } = old;
    let mut note = |key, differs| found.note("tokens", key, differs);
    // By their bits: the same text gives the same bits, and nothing was calculated.
    note("renew_at", renew_at.to_bits() != new.renew_at.to_bits());
    note("jitter", jitter.to_bits() != new.jitter.to_bits());
    note("margin", *margin != new.margin);
    note("mint_budget", *mint_budget != new.mint_budget);
    note("mint_refill", *mint_refill != new.mint_refill);
    note("request_timeout", *request_timeout != new.request_timeout);
    note("acquire_wait", *acquire_wait != new.acquire_wait);
    note(
        "app_token_lifetime",
        *app_token_lifetime != new.app_token_lifetime,
    );
    let rate = *app_token_requests_per_minute != new.app_token_requests_per_minute;
    note("app_token_requests_per_minute", rate);
}

pub(super) fn log(found: &mut Found, old: &Log, new: &Log) {
    let Log {
        format,
        level,
        access_log,
    } = old;
    found.note("log", "format", *format != new.format);
    found.note("log", "level", *level != new.level);
    found.note("log", "access_log", *access_log != new.access_log);
}

pub(super) fn metrics(
    found: &mut Found,
    Metrics {
        account_series,
        request_series,
    }: Metrics,
    new: Metrics,
) {
    let mut note = |key, differs| found.note("metrics", key, differs);
    note("account_series", account_series != new.account_series);
    note("request_series", request_series != new.request_series);
}

pub(super) fn telemetry(found: &mut Found, old: &Telemetry, new: &Telemetry) {
    let Telemetry {
        trace_context,
        sample_ratio,
        collector,
    } = old;
    let mut note = |key, differs| found.note("telemetry", key, differs);
    note("trace_context", *trace_context != new.trace_context);
    let ratio = sample_ratio.to_bits() != new.sample_ratio.to_bits();
    note("sample_ratio", ratio);
    let (old, new) = (collector.as_ref(), new.collector.as_ref());
    let parts = old.map(collector_parts).zip(new.map(collector_parts));
    match parts {
        Some((old, new)) => {
            for ((key, old), (_, new)) in old.into_iter().zip(new) {
                note(key, old != new);
            }
        }
        // Without one on a side: all that the other has.
        None => {
            let only = old.or(new).map(collector_parts);
            for (key, _) in only.into_iter().flatten() {
                note(key, true);
            }
        }
    }
}

/// The keys of a collector, and what they are compared by.
fn collector_parts(collector: &Collector) -> [(&'static str, String); 9] {
    let Collector {
        endpoint,
        headers,
        timeout,
        traces,
        metrics,
        metrics_interval,
        logs,
        service_name,
        attributes,
    } = collector;
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| format!("{name}={}", value.expose()));
    [
        ("endpoint", endpoint.clone()),
        ("headers", headers.collect::<Vec<_>>().join(",")),
        ("timeout", format!("{timeout:?}")),
        ("traces", traces.to_string()),
        ("metrics", metrics.to_string()),
        ("metrics_interval", format!("{metrics_interval:?}")),
        ("logs", logs.to_string()),
        ("service_name", service_name.clone()),
        ("attributes", format!("{attributes:?}")),
    ]
}

fn same_option(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same_secret(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Both come from the operator, so the time that the comparison takes tells nobody anything.
pub(super) fn same_secret(one: &Secret, other: &Secret) -> bool {
    one.expose() == other.expose()
}

//! Envoy, with keep-alive to the mock and a fixed bearer: as a header of its configuration, or by its
//! credential injector.

use super::candidate::Candidate;
use crate::{
    options::Options,
    server::{Server, free_port},
    world::World,
};
use anyhow::Result;
use serde_json::{Value, json};
use std::{ffi::OsStr, fs, net::SocketAddr};

/// How the bearer gets on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Injection {
    /// A header that the route adds.
    Header,
    /// The filter made for it, with the value as a secret.
    Injector,
}

pub(super) fn start(options: &Options, world: &World, means: Injection) -> Result<Candidate> {
    let folder = world.folder.path();
    let addr = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let file = folder.join("envoy.json");
    fs::write(&file, config(options, world, addr, means).to_string())?;
    let workers = options.workers.to_string();
    let arguments: [&OsStr; 7] = [
        "-c".as_ref(),
        file.as_ref(),
        "--concurrency".as_ref(),
        workers.as_ref(),
        "--use-dynamic-base-id".as_ref(),
        "-l".as_ref(),
        "error".as_ref(),
    ];
    let mut server = Server::start(
        "envoy",
        &options.envoy,
        &arguments,
        &world.plan.proxy,
        folder,
    )?;
    server.listening(addr)?;
    Candidate::peer(server, addr, options, world)
}

fn socket(addr: SocketAddr) -> Value {
    json!({"socket_address": {"address": addr.ip().to_string(), "port_value": addr.port()}})
}

fn config(options: &Options, world: &World, addr: SocketAddr, means: Injection) -> Value {
    let upstream = if options.tls_upstream {
        world.carrier.tls
    } else {
        world.carrier.addr
    };
    let bearer = format!("Bearer {}", world.token);
    let router = json!({"name": "envoy.filters.http.router", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}});
    let mut host = json!({
        "name": "all", "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {
            "cluster": "ups", "host_rewrite_literal": "localhost", "timeout": "60s"}}],
    });
    let (filters, secrets) = match means {
        Injection::Header => {
            host["request_headers_to_add"] = json!([{
                "header": {"key": "Authorization", "value": bearer},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }]);
            (json!([router]), json!([]))
        }
        Injection::Injector => {
            let secret = json!({"name": "bearer", "generic_secret": {
                "secret": {"inline_string": bearer}}});
            (json!([injector(), router]), json!([secret]))
        }
    };
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "apps",
        "route_config": {"virtual_hosts": [host]},
        "http_filters": filters,
    });
    json!({"static_resources": {
        "listeners": [{
            "name": "apps", "address": socket(addr), "enable_reuse_port": true,
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        }],
        "clusters": [cluster(options, world, upstream)],
        "secrets": secrets,
    }})
}

fn injector() -> Value {
    json!({"name": "envoy.filters.http.credential_injector", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
        "overwrite": true,
        "credential": {"name": "envoy.http.injected_credentials.generic", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
            "credential": {"name": "bearer"},
        }},
    }})
}

fn cluster(options: &Options, world: &World, upstream: SocketAddr) -> Value {
    let mut cluster = json!({
        "name": "ups", "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": {"cluster_name": "ups", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket(upstream)}}]}]},
    });
    if options.tls_upstream {
        cluster["transport_socket"] = json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": "localhost",
                "common_tls_context": {"validation_context": {"trusted_ca": {"filename": world.carrier.ca_file}}},
            },
        });
    }
    cluster
}

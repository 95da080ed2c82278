//! Envoy, with keep-alive to the mock and a fixed bearer.

use super::Candidate;
use crate::{
    Options,
    server::{Server, free_port},
    world::World,
};
use anyhow::Result;
use serde_json::{Value, json};
use std::{ffi::OsStr, fs, net::SocketAddr};

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let folder = world.folder.path();
    let addr = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let file = folder.join("envoy.json");
    fs::write(&file, config(options, world, addr).to_string())?;
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
    let mut server = Server::start(&options.envoy, &arguments, &world.plan.proxy, folder)?;
    server.listening(addr)?;
    Ok(Candidate {
        server,
        addr,
        admin: None,
    })
}

fn socket(addr: SocketAddr) -> Value {
    json!({"socket_address": {"address": addr.ip().to_string(), "port_value": addr.port()}})
}

fn config(options: &Options, world: &World, addr: SocketAddr) -> Value {
    let upstream = if options.tls_upstream {
        world.mock_tls
    } else {
        world.mock
    };
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "apps",
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "ups", "host_rewrite_literal": "localhost", "timeout": "60s"}}],
            "request_headers_to_add": [{
                "header": {"key": "Authorization", "value": format!("Bearer {}", world.token)},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }],
        }]},
        "http_filters": [{"name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
    });
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
                "common_tls_context": {"validation_context": {"trusted_ca": {"filename": world.ca_file}}},
            },
        });
    }
    json!({"static_resources": {
        "listeners": [{
            "name": "apps", "address": socket(addr), "enable_reuse_port": true,
            "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        }],
        "clusters": [cluster],
    }})
}

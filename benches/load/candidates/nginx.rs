//! nginx, with keep-alive to the mock and a fixed bearer.

use super::candidate::Candidate;
use crate::{
    certificate::certificate,
    options::Options,
    server::{Server, free_port},
    world::World,
};
use anyhow::Result;
use std::{ffi::OsStr, fs, net::SocketAddr, path::Path};

/// A whole answer fits, so the carrier's connection is free early.
const SMALL: &str = "proxy_buffers 8 16k; proxy_buffer_size 16k; client_body_buffer_size 64k;";
/// Much content: answers are handed on in large pieces as they come. Uploads are gathered in memory first, which takes
/// less time than `proxy_request_buffering off`. No file is written in either case.
const LARGE: &str = "proxy_buffering off; proxy_buffer_size 128k; proxy_buffers 8 128k; \
                     client_body_buffer_size 1m;";

pub(super) fn start(options: &Options, world: &World) -> Result<Candidate> {
    let folder = world.folder.path();
    let addr = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let (scheme, upstream, tls) = if options.tls_upstream {
        let tls = format!(
            "proxy_ssl_verify on; proxy_ssl_trusted_certificate {}; proxy_ssl_name localhost; \
             proxy_ssl_server_name on; proxy_ssl_session_reuse on; proxy_ssl_protocols TLSv1.3;",
            world.carrier.ca_file.display()
        );
        ("https", world.carrier.tls, tls)
    } else {
        ("http", world.carrier.addr, String::new())
    };
    let (parameters, apps) = apps(options, folder)?;
    let file = folder.join("nginx.conf");
    fs::write(
        &file,
        format!(
            r#"daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; multi_accept on; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  upstream ups {{ server {upstream}; keepalive 512; keepalive_requests 1000000000; }}
  server {{
    listen {addr} reuseport{parameters};
    {apps}
    location / {{
      proxy_pass {scheme}://ups;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host localhost;
      proxy_set_header Authorization "Bearer {token}";
      {buffers}
      {tls}
    }}
  }}
}}
"#,
            workers = options.workers,
            folder = folder.display(),
            token = world.token,
            buffers = if options.form.is_large() {
                LARGE
            } else {
                SMALL
            },
        ),
    )?;
    let arguments: [&OsStr; 2] = ["-c".as_ref(), file.as_ref()];
    let mut server = Server::start(
        "nginx",
        Path::new("nginx"),
        &arguments,
        &world.plan.proxy,
        folder,
    )?;
    server.listening(addr)?;
    Candidate::peer(server, addr, options, world)
}

/// Parameters of the listener, and what belongs to TLS.
fn apps(options: &Options, folder: &Path) -> Result<(String, String)> {
    let mut parameters = String::new();
    let mut tls = String::new();
    if options.downstream.tls {
        let (certificate, key) = certificate(folder)?;
        parameters += " ssl";
        tls = format!(
            "ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.2 TLSv1.3; \
             ssl_session_cache shared:apps:10m;",
            certificate.display(),
            key.display()
        );
    }
    if options.downstream.http2 {
        parameters += " http2";
    }
    Ok((parameters, tls))
}

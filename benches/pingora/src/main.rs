//! The work of the gateway's data plane as a minimal Pingora program: every request gets one bearer and
//! goes to one upstream, with keep-alive on both sides.
//!
//! `benches-pingora LISTEN UPSTREAM THREADS TOKEN-FILE [CA-FILE]`; with an authority, TLS upstream.

use async_trait::async_trait;
use pingora_core::{
    Result,
    server::{Server, configuration::ServerConf},
    upstreams::peer::HttpPeer,
};
use pingora_http::RequestHeader;
use pingora_proxy::{ProxyHttp, Session, http_proxy_service};
use std::{env, error::Error, fs, net::SocketAddr, sync::Arc};

struct Bearer {
    upstream: SocketAddr,
    tls: bool,
    value: String,
}

#[async_trait]
impl ProxyHttp for Bearer {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(
            self.upstream,
            self.tls,
            "localhost".to_owned(),
        )))
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        request: &mut RequestHeader,
        (): &mut (),
    ) -> Result<()> {
        request.insert_header("authorization", self.value.as_str())?;
        request.insert_header("host", "localhost")
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "--version") {
        println!("pingora {PINGORA}");
        return Ok(());
    }
    let [listen, upstream, threads, token, ca @ ..] = arguments.as_slice() else {
        return Err("LISTEN UPSTREAM THREADS TOKEN-FILE [CA-FILE]".into());
    };
    let conf = ServerConf {
        threads: threads.parse()?,
        ca_file: ca.first().cloned(),
        upstream_keepalive_pool_size: 512,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let bearer = Bearer {
        upstream: upstream.parse()?,
        tls: !ca.is_empty(),
        value: format!("Bearer {}", fs::read_to_string(token)?.trim()),
    };
    let mut service = http_proxy_service(&Arc::clone(&server.configuration), bearer);
    service.add_tcp(listen);
    server.add_service(service);
    server.run_forever()
}

/// The library's version; see the manifest.
const PINGORA: &str = "0.9.1";

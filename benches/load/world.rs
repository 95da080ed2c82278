//! The mock behind every candidate, and the token that it wants to see.

use crate::{Options, machine::Plan, server::Server};
use anyhow::{Context as _, Result, ensure};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use std::{ffi::OsStr, fs, net::SocketAddr, path::PathBuf};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// What every candidate finds.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) folder: TempDir,
    /// Plaintext side of the mock.
    pub(crate) mock: SocketAddr,
    /// TLS side of the mock, and the file with the authority that signed it.
    pub(crate) mock_tls: SocketAddr,
    pub(crate) ca_file: PathBuf,
    /// A valid access token for the candidates that cannot get one themselves.
    pub(crate) token: String,
    /// The request of the load, ready to be written.
    pub(crate) request: Vec<u8>,
    _mock: Server,
}

/// How the mock differs from its defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mock {
    /// Requests that its journal keeps.
    pub(crate) journal: usize,
    /// Clients beside `mock-client`; see [`client_id`].
    pub(crate) clients: usize,
    /// Lifetime of access tokens, such as `60s`.
    pub(crate) token_lifetime: Option<String>,
}

/// The name of an account, and of its oauth client.
pub(crate) fn client_id(at: usize) -> String {
    format!("client-{at}")
}

impl World {
    pub(crate) fn start(options: &Options) -> Result<Self> {
        Self::start_with(options, &Mock::default())
    }

    pub(crate) fn start_with(options: &Options, mock: &Mock) -> Result<Self> {
        let plan = Plan::new(options.workers);
        let folder = tempfile::tempdir()?;
        let workers = plan.backend.len().to_string();
        let journal = mock.journal.to_string();
        let lifetime = mock.token_lifetime.as_deref().unwrap_or("14399s");
        let data = folder.path().join("mock.toml");
        fs::write(&data, seed(mock.clients))?;
        let data = data.to_string_lossy();
        let arguments = [
            "--listen",
            "127.0.0.1:0",
            "--tls-listen",
            "127.0.0.1:0",
            "--journal",
            &journal,
            "--workers",
            &workers,
            "--access-token-lifetime",
            lifetime,
            "--data",
            &data,
        ];
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut server =
            Server::start(&options.mock_ups, &arguments, &plan.backend, folder.path())?;
        let mock = server.address("listening on http")?;
        let mock_tls = server.address("listening on https")?;
        let token = token(mock)?;
        let ca_file = folder.path().join("mock-ca.pem");
        fs::write(&ca_file, get(mock, Request::get("/__mock/ca.pem"), "")?)?;
        Ok(Self {
            plan,
            folder,
            mock,
            mock_tls,
            ca_file,
            token,
            request: shop(""),
            _mock: server,
        })
    }
}

/// The mock's data: one merchant, `mock-client`, and as many clients as wanted.
fn seed(clients: usize) -> String {
    let app = |id: &str| {
        format!(
            "[[app]]\nclient_id = \"{id}\"\nclient_secret = \"mock-secret\"\nname = \"Load\"\nowner = \"merchant\"\n"
        )
    };
    let user = "[[user]]\nname = \"merchant\"\npassword = \"parcel-1\"\n\
                [[user.account]]\nnumber = \"A1B2C3\"\nnegotiated_rates = true\n";
    let ids = (0..clients).map(client_id);
    let apps: String = ids.map(|id| app(&id)).collect();
    format!("{user}{}{apps}", app("mock-client"))
}

/// What the candidates that inject a fixed header inject.
fn token(mock: SocketAddr) -> Result<String> {
    let request = Request::post("/security/v1/oauth/token")
        // mock-client:mock-secret
        .header("authorization", "Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = get(mock, request, "grant_type=client_credentials")?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    Ok(answer["access_token"]
        .as_str()
        .context("the mock gave no token")?
        .to_owned())
}

/// Asks for a document, or has something done.
pub(crate) fn get(
    addr: SocketAddr,
    request: http::request::Builder,
    body: &'static str,
) -> Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stream = TcpStream::connect(addr).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let request = request
                .header("host", "127.0.0.1")
                .body(Full::new(body.as_bytes()))?;
            let response = sender.send_request(request).await?;
            ensure!(
                response.status().is_success(),
                "the mock answered {}",
                response.status()
            );
            Ok(response.into_body().collect().await?.to_bytes().to_vec())
        };
        tokio::select! {
            done = exchange => done,
            Err(error) = connection => Err(error.into()),
        }
    })
}

/// A Shop request of about two kilobytes without credentials, with these further field lines.
pub(crate) fn shop(fields: &str) -> Vec<u8> {
    let address = |city: &str, state: &str, postal: &str| {
        serde_json::json!({"AddressLine": ["1 Main Street", "Building 7", "c/o Receiving"], "City": city,
            "StateProvinceCode": state, "PostalCode": postal, "CountryCode": "US"})
    };
    let package = serde_json::json!({
        "PackagingType": {"Code": "02", "Description": "Customer supplied package"},
        "Dimensions": {"UnitOfMeasurement": {"Code": "IN", "Description": "Inches"}, "Length": "10", "Width": "8", "Height": "4"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS", "Description": "Pounds"}, "Weight": "5"},
    });
    let body = serde_json::json!({"RateRequest": {
        "Request": {"RequestOption": "Shop", "TransactionReference": {"CustomerContext": "load"}},
        "Shipment": {
            "Shipper": {"Name": "Shipper", "ShipperNumber": "A1B2C3", "Address": address("New York", "NY", "10001")},
            "ShipFrom": {"Name": "Shipper", "Address": address("New York", "NY", "10001")},
            "ShipTo": {"Name": "Customer", "Address": address("Los Angeles", "CA", "90012")},
            "Package": [package, package, package],
        },
    }})
    .to_string();
    format!(
        "POST /api/rating/v2409/Shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Accept: application/json\r\nUser-Agent: waybill-load\r\ntransId: 0123456789abcdef0123456789abcdef\r\n\
         transactionSrc: load\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

//! An app that calls the gateway.

use crate::soon;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A client with a pool of connections, as real apps have.
#[derive(Clone, Debug)]
pub struct Client {
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    addr: SocketAddr,
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer(Response<Bytes>);

impl Client {
    /// A client of the server at this address.
    pub fn new(addr: SocketAddr) -> Self {
        Self {
            http: legacy::Client::builder(TokioExecutor::new()).build_http(),
            addr,
        }
    }

    /// Sends a request; its URI is a path.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn try_send(&self, request: Request<Bytes>) -> Result<Answer, String> {
        let (mut parts, body) = request.into_parts();
        // Only the path is the test's: every client of a world talks to the address it was made for.
        let path = parts.uri.path_and_query().expect("a path").as_str();
        parts.uri = format!("http://{}{path}", self.addr)
            .parse()
            .expect("a URI");
        let exchange = async {
            let response = self
                .http
                .request(Request::from_parts(parts, Full::new(body)))
                .await;
            let (parts, body) = response.map_err(|error| format!("{error:?}"))?.into_parts();
            let body = body
                .collect()
                .await
                .map_err(|error| format!("{error:?}"))?
                .to_bytes();
            Ok(Answer(Response::from_parts(parts, body)))
        };
        soon("an answer", exchange).await
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When no complete answer came.
    pub async fn send(&self, request: Request<Bytes>) -> Answer {
        self.try_send(request).await.expect("an answer")
    }

    /// Gets a path.
    ///
    /// # Panics
    /// When no complete answer came.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Bytes::new()).expect("a request"))
            .await
    }
}

impl Answer {
    pub(crate) const fn new(response: Response<Bytes>) -> Self {
        Self(response)
    }

    /// The version of HTTP.
    pub fn version(&self) -> Version {
        self.0.version()
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The fields.
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// A field as text; empty when it is absent.
    pub fn field(&self, name: &str) -> &str {
        self.0
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The content as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.0.body()).expect("text")
    }

    /// The content as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        let json = serde_json::from_slice(self.0.body());
        assert!(json.is_ok(), "no JSON: {:?}", self.text());
        json.expect("it was asked for")
    }

    /// The code of the first error in UPS's envelope.
    pub fn ups_code(&self) -> String {
        self.json()["response"]["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Fails unless these are rates.
    ///
    /// # Panics
    /// When the status is not 200 or there is no rate.
    #[track_caller]
    pub fn assert_rates(&self) {
        assert_eq!(self.status(), StatusCode::OK, "{}", self.text());
        let rates = &self.json()["RateResponse"]["RatedShipment"];
        assert!(
            !rates[0]["TotalCharges"]["MonetaryValue"].is_null(),
            "{}",
            self.text()
        );
    }
}

/// A request for all services, as an app without any credentials sends it.
///
/// # Panics
/// Never: its parts are fixed.
pub fn rate_request() -> Request<Bytes> {
    let address = |city: &str, state: &str, postal: &str| {
        json!({"AddressLine": ["1 Main Street"], "City": city, "StateProvinceCode": state,
               "PostalCode": postal, "CountryCode": "US"})
    };
    let body = json!({"RateRequest": {
        "Request": {"RequestOption": "Shop"},
        "Shipment": {
            "Shipper": {"Name": "Shipper", "ShipperNumber": "A1B2C3",
                        "Address": address("New York", "NY", "10001")},
            "ShipFrom": {"Name": "Shipper", "Address": address("New York", "NY", "10001")},
            "ShipTo": {"Name": "Customer", "Address": address("Los Angeles", "CA", "90012")},
            "Package": [{
                "PackagingType": {"Code": "02"},
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
            }],
        },
    }});
    Request::post("/api/rating/v2409/Shop")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .expect("its parts are fixed")
}

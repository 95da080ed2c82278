//! A small HTTP client of the tests' own: one connection per request, nothing hidden.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Status and UPS's code, in one value to compare.
    pub(crate) fn error(&self) -> (u16, String) {
        let code = self.json()["response"]["errors"][0]["code"].clone();
        (
            self.status.as_u16(),
            code.as_str().unwrap_or_default().to_owned(),
        )
    }
}

/// A request being put together.
pub(crate) struct Call {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    deadline: Duration,
}

pub(crate) fn get(url: impl Into<String>) -> Call {
    Call::new(Method::GET, url)
}

pub(crate) fn post(url: impl Into<String>) -> Call {
    Call::new(Method::POST, url)
}

impl Call {
    pub(crate) fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            deadline: Duration::from_secs(10),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn basic(self, id: &str, secret: &str) -> Self {
        let value = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        self.header("authorization", value)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        let encoded = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.body = encoded.into();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    pub(crate) fn json(mut self, value: &Value) -> Self {
        self.body = value.to_string().into();
        self.header("content-type", "application/json")
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let url = self.url.clone();
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// Waits longer than the usual ten seconds.
    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sends, within the deadline.
    pub(crate) async fn try_send(self) -> Result<Answer, Box<dyn std::error::Error>> {
        tokio::time::timeout(self.deadline, self.exchange()).await?
    }

    async fn exchange(self) -> Result<Answer, Box<dyn std::error::Error>> {
        let url = url::Url::parse(&self.url)?;
        let authority = url.authority().to_owned();
        let stream = TcpStream::connect(&authority).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let target = url[url::Position::BeforePath..].to_owned();
        let mut request = Request::builder().method(self.method).uri(target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", authority);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = sender
            .send_request(request.body(Full::new(self.body))?)
            .await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }
}

/// A client-credentials token request of the seeded client.
pub(crate) fn token_request(base: &str) -> Call {
    post(format!("{base}/security/v1/oauth/token"))
        .basic("mock-client", "mock-secret")
        .form(&[("grant_type", "client_credentials")])
}

/// A token of the seeded client.
pub(crate) async fn token(base: &str) -> String {
    let answer = token_request(base).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

/// A call that needs a token and whose answer does not matter beyond its status.
pub(crate) fn shop(base: &str, token: &str) -> Call {
    post(format!("{base}/api/rating/v2409/Shop"))
        .bearer(token)
        .json(&shop_body())
}

pub(crate) fn shop_body() -> Value {
    let address = |city: &str, state: &str, zip: &str| {
        serde_json::json!({
            "AddressLine": ["1 Main St"], "City": city, "StateProvinceCode": state,
            "PostalCode": zip, "CountryCode": "US",
        })
    };
    serde_json::json!({ "RateRequest": {
        "Request": { "RequestOption": "Shop" },
        "Shipment": {
            "Shipper": {
                "Name": "Mock Shop", "ShipperNumber": "A1B2C3",
                "Address": address("Durham", "NC", "27703"),
            },
            "ShipTo": { "Name": "Receiver", "Address": address("Orlando", "FL", "32821") },
            "ShipFrom": { "Name": "Mock Shop", "Address": address("Durham", "NC", "27703") },
            "Package": [{
                "PackagingType": { "Code": "02" },
                "PackageWeight": { "UnitOfMeasurement": { "Code": "LBS" }, "Weight": "1" },
            }],
        },
    }})
}

//! Calls on products without a server, for unit tests.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::Value;

use crate::api::{AccountView, ApiRequest, ApiResponse, Caller, Environment, Product};

/// Monday, noon.
pub(crate) const MONDAY: &str = "2024-03-04T12:00:00Z";

/// The seeded merchant: one account with negotiated rates, one without.
pub(crate) fn caller() -> Caller {
    let account = |number: &str, negotiated_rates, discount_per_mille| AccountView {
        number: number.into(),
        negotiated_rates,
        discount_per_mille,
    };
    Caller {
        own_numbers_only: false,
        known_numbers: std::sync::Arc::new(["A1B2C3", "D4E5F6", "X9Y8Z7"].map(Into::into).into()),
        client_id: "mock-client".into(),
        user: "merchant".into(),
        accounts: [account("A1B2C3", true, 250), account("D4E5F6", false, 0)].into(),
    }
}

/// A call in preparation.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    body: Bytes,
    headers: HeaderMap,
    environment: Environment,
    now: Timestamp,
}

impl Call {
    /// A call in the test environment at [`MONDAY`], with the headers that some products want.
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            body: Bytes::new(),
            headers: HeaderMap::new(),
            environment: Environment::Cie,
            now: MONDAY.parse().expect("a time"),
        }
        .header("transid", "t1")
        .header("transactionsrc", "tests")
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new(Method::POST, path).body(body.to_string())
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a header; an empty value removes it.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let name = HeaderName::from_static(name);
        self.headers.remove(&name);
        if !value.is_empty() {
            let value = HeaderValue::from_str(value).expect("a header value");
            self.headers.insert(name, value);
        }
        self
    }

    pub(crate) fn at(mut self, now: &str) -> Self {
        self.now = now.parse().expect("a time");
        self
    }

    pub(crate) fn in_production(mut self) -> Self {
        self.environment = Environment::Production;
        self
    }

    /// The product's answer, if the path is its own.
    pub(crate) fn send(&self, product: &dyn Product) -> Option<ApiResponse> {
        let (path, query) = match self.path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.path.as_str(), None),
        };
        let segments: Vec<&str> = path.split('/').skip(2).collect();
        product.answer(&ApiRequest {
            method: &self.method,
            path,
            segments: &segments,
            query,
            headers: &self.headers,
            body: &self.body,
            caller: &caller(),
            environment: self.environment,
            now: self.now,
            transaction: "ciewssoas0000000000000",
        })
    }

    /// The JSON of an answer that must be a success.
    pub(crate) fn json(&self, product: &dyn Product) -> Value {
        let answer = self.send(product).expect("the path is the product's");
        let text = std::str::from_utf8(&answer.body).expect("text");
        assert!(
            answer.status.is_success() && answer.error.is_none(),
            "{text}"
        );
        serde_json::from_str(text).expect("JSON")
    }

    /// Status and code of an answer that must be an error.
    pub(crate) fn refusal(&self, product: &dyn Product) -> (u16, String) {
        let answer = self.send(product).expect("the path is the product's");
        let error = answer.error.unwrap_or_else(|| panic!("{:?}", answer.body));
        (answer.status.as_u16(), error.code.into_owned())
    }
}

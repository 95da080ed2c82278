//! The request of a load, for both versions of HTTP.

use anyhow::Result;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use std::fmt::Write as _;

/// A request that is sent over and over.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    path: String,
    fields: Vec<(String, String)>,
    body: Bytes,
    answer: Option<usize>,
}

impl Ask {
    /// A Shop request of about two kilobytes without credentials.
    #[must_use]
    pub fn shop() -> Self {
        Self::rating("Shop", None)
    }

    /// The same for one service.
    #[must_use]
    pub fn rate() -> Self {
        Self::rating("Rate", Some("03"))
    }

    /// A request without content.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path.to_owned(), Bytes::new())
    }

    /// A request with this content.
    #[must_use]
    pub fn post(path: &str, body: Bytes) -> Self {
        Self::new(Method::POST, path.to_owned(), body).with("content-type", "application/json")
    }

    fn rating(option: &str, service: Option<&str>) -> Self {
        let path = format!("/api/rating/v2409/{option}");
        Self::post(&path, Bytes::from(body(option, service)))
    }

    fn new(method: Method, path: String, body: Bytes) -> Self {
        let fields = [
            ("accept", "application/json"),
            ("user-agent", "waybill-load"),
            ("transid", "0123456789abcdef0123456789abcdef"),
            ("transactionsrc", "load"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            method,
            path,
            fields: fields.map(owned).to_vec(),
            body,
            answer: None,
        }
    }

    /// This request, whose right answer has this many bytes of content.
    #[must_use]
    pub const fn answered_with(mut self, length: usize) -> Self {
        self.answer = Some(length);
        self
    }

    /// The length of a right answer's content; `None` if it is not known.
    #[must_use]
    pub const fn answer(&self) -> Option<usize> {
        self.answer
    }

    /// This request with one more field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// This request, with its path below a prefix.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        self.path.insert_str(0, prefix);
        self
    }

    /// Its content.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// Ready to be written on an HTTP/1.1 connection.
    #[must_use]
    pub fn http1(&self) -> Vec<u8> {
        let (method, path) = (&self.method, &self.path);
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        for (name, value) in &self.fields {
            // Writing to a text cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.len());
        }
        head += "\r\n";
        [head.as_bytes(), &self.body].concat()
    }

    /// This request for HTTP/2.
    ///
    /// # Errors
    /// When a field is none.
    pub fn http2(&self, tls: bool) -> Result<Request<Full<Bytes>>> {
        let scheme = if tls { "https" } else { "http" };
        let mut request = Request::builder()
            .method(&self.method)
            .uri(format!("{scheme}://127.0.0.1{}", self.path));
        for (name, value) in &self.fields {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

fn body(option: &str, service: Option<&str>) -> String {
    let address = |city: &str, state: &str, postal: &str| {
        serde_json::json!({"AddressLine": ["1 Main Street", "Building 7", "c/o Receiving"],
            "City": city, "StateProvinceCode": state, "PostalCode": postal, "CountryCode": "US"})
    };
    let package = serde_json::json!({
        "PackagingType": {"Code": "02", "Description": "Customer supplied package"},
        "Dimensions": {"UnitOfMeasurement": {"Code": "IN", "Description": "Inches"},
            "Length": "10", "Width": "8", "Height": "4"},
        "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS", "Description": "Pounds"},
            "Weight": "5"},
    });
    let new_york = || address("New York", "NY", "10001");
    let mut body = serde_json::json!({"RateRequest": {
        "Request": {"RequestOption": option,
            "TransactionReference": {"CustomerContext": "load"}},
        "Shipment": {
            "Shipper": {"Name": "Shipper", "ShipperNumber": "A1B2C3", "Address": new_york()},
            "ShipFrom": {"Name": "Shipper", "Address": new_york()},
            "ShipTo": {"Name": "Customer", "Address": address("Los Angeles", "CA", "90012")},
            "Package": [package, package, package],
        },
    }});
    if let Some(code) = service {
        body["RateRequest"]["Shipment"]["Service"] = serde_json::json!({"Code": code});
    }
    body.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_carry_the_same_fields_and_length() {
        let ask = Ask::shop().with("waybill-account", "main").below("/fleet");
        let text = String::from_utf8(ask.http1()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /fleet/api/rating/v2409/Shop HTTP/1.1\r\n"));
        assert!(head.contains("\r\nwaybill-account: main\r\n"));
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        assert!((1_500..3_000).contains(&body.len()), "about two kilobytes");
        let second = ask.http2(true).unwrap();
        assert_eq!(
            second.uri(),
            "https://127.0.0.1/fleet/api/rating/v2409/Shop"
        );
        assert_eq!(second.headers()["waybill-account"], "main");
    }
}

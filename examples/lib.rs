//! What the examples share: an ordinary HTTP client and an ordinary rating request. Nothing in here
//! knows about Waybill; it is what your own code has already.

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};

/// Posts a rating request to `base_url` and gives back the response's fields and its JSON.
///
/// # Errors
/// When there is no answer, or one that is not a success: its text is in the error.
pub async fn shop(base_url: &str, authorization: Option<&str>) -> Result<(HeaderMap, Value)> {
    let mut request = Request::post(format!("{base_url}/api/rating/v2409/Shop"))
        .header("content-type", "application/json");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    send(request.body(Full::new(Bytes::from(rate_request().to_string())))?).await
}

/// Sends a request and reads the JSON of its answer.
///
/// # Errors
/// Panics as [`shop`] does.
pub async fn send(request: Request<Full<Bytes>>) -> Result<(HeaderMap, Value)> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (parts, body) = client
        .request(request)
        .await
        .context("is it running?")?
        .into_parts();
    let body = body.collect().await?.to_bytes();
    ensure!(
        parts.status.is_success(),
        "{}: {}",
        parts.status,
        String::from_utf8_lossy(&body)
    );
    Ok((parts.headers, serde_json::from_slice(&body)?))
}

/// Service code and published price of every rate.
pub fn prices(answer: &Value) -> Vec<(String, String)> {
    let rates = answer["RateResponse"]["RatedShipment"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rates
        .iter()
        .map(|rate| {
            (
                text(&rate["Service"]["Code"]),
                text(&rate["TotalCharges"]["MonetaryValue"]),
            )
        })
        .collect()
}

/// Five pounds from New York to Los Angeles, all services.
pub fn rate_request() -> Value {
    let address = |city: &str, state: &str, postal: &str| {
        json!({"AddressLine": ["1 Main Street"], "City": city, "StateProvinceCode": state,
               "PostalCode": postal, "CountryCode": "US"})
    };
    json!({"RateRequest": {
        "Request": {"RequestOption": "Shop"},
        "Shipment": {
            "Shipper": {"Name": "Shipper", "ShipperNumber": "A1B2C3", "Address": address("New York", "NY", "10001")},
            "ShipFrom": {"Name": "Shipper", "Address": address("New York", "NY", "10001")},
            "ShipTo": {"Name": "Customer", "Address": address("Los Angeles", "CA", "90012")},
            "Package": [{
                "PackagingType": {"Code": "02"},
                "PackageWeight": {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"},
            }],
        },
    }})
}

//! The slot `restricted`: a token for calls that answer with personal data.

use crate::{config::Account, token::ACCESS_TOKEN};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use oauth2::{HttpRequest, HttpResponse};
use plugins_sdk::{
    Class, Context, Error, Result, Secret, SlotFields,
    http::{Delivery, passing},
};
use serde_json::{Value, json};
use std::time::Duration;

/// Short: the access token, and with it a new refresh token, waits for this answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The calls that the restricted data token is for: method and path as Amazon's guide writes them. The
/// manifest's operations with the slot `restricted` are the same.
pub const RESOURCES: [(&str, &str); 8] = [
    ("GET", "/orders/v0/orders/{orderId}/address"),
    ("GET", "/orders/v0/orders/{orderId}/buyerInfo"),
    ("GET", "/orders/v0/orders/{orderId}/orderItems/buyerInfo"),
    ("GET", "/orders/v0/orders/{orderId}/regulatedInfo"),
    ("GET", "/mfn/v0/shipments/{shipmentId}"),
    ("DELETE", "/mfn/v0/shipments/{shipmentId}"),
    ("POST", "/mfn/v0/shipments"),
    ("GET", "/shipping/v1/shipments/{shipmentId}"),
];

/// Asks for a restricted data token with this access token.
pub(crate) async fn authorize(
    account: &Account,
    cx: &Context,
    token: &Secret,
) -> Result<SlotFields> {
    if !account.restricted_data {
        return Err(Error::config(
            "restricted_data",
            "restricted_data of the account is off: if Amazon has given the application the roles for personal \
             data, set it to true",
        ));
    }
    let response = cx.http().send(request(account, token)?).await?;
    read(response, cx.now_unix_ms())
}

fn request(account: &Account, token: &Secret) -> Result<HttpRequest> {
    let resource = |(method, path): &(&str, &str)| json!({ "method": method, "path": path });
    let resources: Vec<Value> = RESOURCES.iter().map(resource).collect();
    let body = json!({ "restrictedResources": resources }).to_string();
    let mut request = HttpRequest::new(body.into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = account.restricted_url.clone();
    let json = HeaderValue::from_static("application/json");
    let mut token = HeaderValue::from_str(token.expose()).map_err(|_| {
        let message = "Amazon's access token is no field value";
        Error::new(Class::Protocol, "bad_token", message)
    })?;
    token.set_sensitive(true);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, json.clone());
    headers.insert(ACCEPT, json);
    headers.insert(ACCESS_TOKEN, token);
    request.extensions_mut().insert(Delivery {
        retryable: true,
        timeout: Some(TIMEOUT),
    });
    Ok(request)
}

fn read(response: HttpResponse, now_unix_ms: u64) -> Result<SlotFields> {
    let response = passing(response, now_unix_ms)?;
    let protocol =
        |code: &'static str, message: &'static str| Error::new(Class::Protocol, code, message);
    let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
    // Without JSON it did not come from Amazon's API but from something in front of it.
    let Some(answer) = answer.filter(Value::is_object) else {
        return Err(protocol(
            "restricted_no_json",
            "the answer to the request for a restricted data token is no JSON object; a firewall or a proxy in \
             between, or a wrong origin",
        ));
    };
    match response.status() {
        status if status.is_success() => {
            let token = answer.get("restrictedDataToken").and_then(Value::as_str);
            let seconds = answer.get("expiresIn").and_then(Value::as_u64);
            match (token.filter(|token| !token.is_empty()), seconds) {
                (Some(token), Some(seconds @ 1..=86_400)) => Ok(SlotFields::new()
                    .header(ACCESS_TOKEN, token)?
                    .expires_in(Some(Duration::from_secs(seconds)))),
                _ => Err(protocol(
                    "restricted_no_token",
                    "Amazon's answer holds no restricted data token, or an impossible lifetime of it",
                )),
            }
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::new(
            Class::Rejected,
            "restricted_roles",
            "Amazon does not give this application personal data: ask Amazon for the restricted roles, have the \
             shipper authorize the application again, or set restricted_data to false",
        )),
        StatusCode::BAD_REQUEST => Err(Error::new(
            Class::Config,
            "restricted_resources",
            "Amazon refuses the list of restricted resources: update this plugin, or set restricted_data to false",
        )),
        status => Err(Error::new(
            Class::Protocol,
            "restricted_status",
            format!("the request for a restricted data token ended with HTTP {status}"),
        )),
    }
}

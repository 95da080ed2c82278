//! The slot `payment`: who owns a label and who pays for it, as a token.

use crate::config::Account;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use oauth2::{HttpRequest, HttpResponse};
use plugins_sdk::{
    Class, Context, Error, Result, Secret, SlotFields,
    http::{Delivery, passing},
};
use serde_json::Value;
use std::time::Duration;

/// The field that labels want beside the bearer token.
const FIELD: HeaderName = HeaderName::from_static("x-payment-authorization-token");

/// Short: the token, and with it a new refresh token, waits for this answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where and with which roles payments are authorized.
pub(crate) struct Payment {
    pub(crate) url: http::Uri,
    /// The roles as JSON.
    pub(crate) body: String,
    pub(crate) lifetime: Duration,
}

/// Asks for a payment authorization with this access token.
pub(crate) async fn authorize(
    account: &Account,
    cx: &Context,
    token: &Secret,
) -> Result<SlotFields> {
    let Some(payment) = &account.payment else {
        return Err(Error::config(
            "payment",
            "the account has no payment roles: for labels, add crid, mid, account_type and the account number \
             to its settings",
        ));
    };
    let response = cx.http().send(request(payment, token)?).await?;
    read(response, cx.now_unix_ms(), payment.lifetime)
}

fn request(payment: &Payment, token: &Secret) -> Result<HttpRequest> {
    let mut request = HttpRequest::new(payment.body.clone().into_bytes());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = payment.url.clone();
    let json = HeaderValue::from_static("application/json");
    let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    let mut bearer = bearer.map_err(|_| {
        Error::new(
            Class::Protocol,
            "bad_token",
            "USPS's access token is no field value",
        )
    })?;
    bearer.set_sensitive(true);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, json.clone());
    headers.insert(ACCEPT, json);
    headers.insert(AUTHORIZATION, bearer);
    request.extensions_mut().insert(Delivery {
        // It authorizes payments and makes none.
        retryable: true,
        timeout: Some(TIMEOUT),
    });
    Ok(request)
}

fn read(response: HttpResponse, now_unix_ms: u64, lifetime: Duration) -> Result<SlotFields> {
    let response = passing(response, now_unix_ms)?;
    let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
    // Without JSON it did not come from USPS's API but from something in front of it.
    let Some(answer) = answer.filter(Value::is_object) else {
        return Err(Error::new(
            Class::Protocol,
            "payment_no_json",
            "the answer to the payment authorization is no JSON object; a firewall or a proxy in between, or a \
             wrong origin",
        ));
    };
    match response.status() {
        status if status.is_success() => {
            let token = answer
                .get("paymentAuthorizationToken")
                .and_then(Value::as_str);
            match token.filter(|token| !token.is_empty()) {
                Some(token) => Ok(SlotFields::new()
                    .header(FIELD, token)?
                    .expires_in(Some(lifetime))),
                None => Err(Error::new(
                    Class::Protocol,
                    "payment_no_token",
                    "USPS's answer to the payment authorization holds no token",
                )),
            }
        }
        StatusCode::UNAUTHORIZED => Err(Error::new(
            Class::Rejected,
            "payment_unauthorized",
            "USPS does not let this app authorize payments: ask USPS to add the Payments and Labels products to \
             it",
        )),
        status if status.is_client_error() => Err(Error::new(
            Class::Config,
            "payment_roles",
            format!(
                "USPS refuses the payment roles (HTTP {status}): check that crid is enrolled in USPS Ship, that mid \
                 and manifest_mid belong to it, and that the account number is linked to it"
            ),
        )),
        status => Err(Error::new(
            Class::Protocol,
            "payment_status",
            format!("the payment authorization ended with HTTP {status}"),
        )),
    }
}

//! The carriers: the plugin of each, linked in, with the settings that make it do most.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use plugins_sdk::abi;
use serde_json::{Value, json};

/// One carrier, for the cases that compare carriers.
pub(super) struct Carrier {
    /// For people.
    pub(super) name: &'static str,
    pub(super) table: fn() -> &'static abi::Plugin,
    pub(super) manifest: &'static str,
    /// Settings beside client id and secret.
    pub(super) settings: fn() -> Value,
    /// What the carrier answers during one authorization, in order.
    pub(super) answers: fn() -> Vec<Answer>,
    /// How many header fields the credential has.
    pub(super) fields: usize,
    /// A path of the carrier's API that apps POST to. `None` for a carrier that wants signatures: its requests cost
    /// what the signature costs.
    pub(super) path: Option<&'static str>,
}

/// An answer of a token endpoint.
pub(super) enum Answer {
    /// JSON content.
    Json(Value),
    /// A header field and no content.
    Field(&'static str, String),
}

/// As long as UPS's tokens, for every carrier: what differs is then the carrier's protocol.
const TOKEN_BYTES: usize = 1_500;

fn token() -> String {
    "t".repeat(TOKEN_BYTES)
}

/// A JSON Web Token of that length, for carriers whose token says its lifetime itself.
fn web_token() -> String {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"iat":1700000000,"exp":1700014400}"#);
    let head = format!("eyJhbGciOiJIUzI1NiJ9.{claims}.");
    let signature = "s".repeat(TOKEN_BYTES - head.len());
    head + &signature
}

fn bearer(lifetime: u64) -> Answer {
    Answer::Json(json!({"access_token": token(), "token_type": "Bearer", "expires_in": lifetime}))
}

macro_rules! carriers {
    ($($name:literal, $plugin:ty, $manifest:path, $fields:literal, $path:expr, $settings:tt,
        [$($answer:expr),*];)*) => {
        &[$(Carrier {
            name: $name,
            table: || plugins_sdk::static_plugin!($plugin, manifest: $manifest),
            manifest: $manifest,
            settings: || json!($settings),
            answers: || vec![$($answer),*],
            fields: $fields,
            path: $path,
        }),*]
    };
}

/// Every carrier. The others are compared with the first.
pub(super) static ALL: &[Carrier] = carriers! {
    "UPS", plugins_ups::Ups, plugins_ups::MANIFEST, 1, Some("/api/rating/v2409/Shop"),
        {"grant": "client_credentials", "origin": "https://wwwcie.ups.com"},
        [Answer::Json(json!({"token_type": "Bearer", "issued_at": "1700000000000", "client_id": "client",
            "access_token": token(), "expires_in": "14399", "status": "approved"}))];
    // Two requests: the token, and a payment authorization.
    "USPS", plugins_usps::Usps, plugins_usps::MANIFEST, 1, Some("/labels/v3/label"),
        {"crid": "12345678", "mid": "903000000", "account_type": "EPS", "account_number": "1000405525"},
        [
            Answer::Json(json!({"access_token": token(), "token_type": "Bearer", "issued_at": 1_700_000_000_000_u64,
                "expires_in": 28_799, "status": "approved", "scope": "addresses labels prices"})),
            Answer::Json(json!({"paymentAuthorizationToken": token(), "roles": []}))
        ];
    // Two requests: the token, and a restricted data token.
    "Amazon Shipping", plugins_amazon_shipping::AmazonShipping, plugins_amazon_shipping::MANIFEST, 2,
        Some("/shipping/v2/shipments/rates"),
        {"refresh_token": "Atzr|refresh", "business_id": "AmazonShipping_UK", "restricted_data": true},
        [
            Answer::Json(json!({"access_token": token(), "refresh_token": "Atzr|refresh", "token_type": "bearer",
                "expires_in": 3600})),
            Answer::Json(json!({"restrictedDataToken": token(), "expiresIn": 3000}))
        ];
    "FedEx", plugins_fedex::FedEx, plugins_fedex::MANIFEST, 1, Some("/rate/v1/rates/quotes"),
        {"customer_type": "integrator", "child_key": "child", "child_secret": "secret"}, [bearer(3599)];
    "GLS", plugins_gls::Gls, plugins_gls::MANIFEST, 1, Some("/shipit-farm/v1/backend/rs/shipments"), {}, [bearer(14_400)];
    "DHL eCommerce", plugins_dhl_ecommerce::DhlEcommerce, plugins_dhl_ecommerce::MANIFEST, 1, Some("/shipping/v4/products"),
        {}, [bearer(3600)];
    "DHL Parcel DE", plugins_dhl_parcel_de::DhlParcelDe, plugins_dhl_parcel_de::MANIFEST, 1,
        Some("/parcel/de/shipping/v2/orders"), {"username": "user", "password": "password"}, [bearer(1799)];
    "Royal Mail", plugins_royal_mail::RoyalMail, plugins_royal_mail::MANIFEST, 2, Some("/shipping/v3/shipments"),
        {"username": "user", "password": "password"}, [Answer::Json(json!({"token": web_token()}))];
    "DPD", plugins_dpd::Dpd, plugins_dpd::MANIFEST, 1, Some("/shipping/v1/pickupscheduling"), {"bu_code": "001"},
        [Answer::Field("x-dpd-token", web_token())];
    "DHL Express", plugins_dhl_express::DhlExpress, plugins_dhl_express::MANIFEST, 1, Some("/mydhlapi/test/rates"), {}, [];
    "Canada Post", plugins_canada_post::CanadaPost, plugins_canada_post::MANIFEST, 1, Some("/rs/ship/price"), {}, [];
    "Purolator", plugins_purolator::Purolator, plugins_purolator::MANIFEST, 1,
        Some("/EWS/V2/Estimating/EstimatingService.asmx"), {}, [];
    "static header", plugins_static_header::StaticHeader, plugins_static_header::MANIFEST, 1, Some("/track/shipments"),
        {"fields": {"DHL-API-Key": "{client_secret}"}}, [];
    "HMAC", plugins_hmac::HmacSigner, plugins_hmac::MANIFEST, 1, None,
        {"canonical": "{method}\n{target}\n{body_sha256}", "fields": {"authorization": "{signature}"}}, [];
};

//! The carriers' tables.

mod amazon_shipping;
mod basic;
mod dhl_ecommerce;
mod dhl_parcel_de;
mod dpd;
mod fedex;
mod gls;
mod keys;
mod royal_mail;
mod usps;

use crate::endpoint::Carrier;

/// Every carrier that has a stand-in, by name.
pub static CARRIERS: &[&Carrier] = &[
    &amazon_shipping::AMAZON_SHIPPING,
    &basic::CANADA_POST,
    &dhl_ecommerce::DHL_ECOMMERCE,
    &basic::DHL_EXPRESS,
    &dhl_parcel_de::DHL_PARCEL_DE,
    &dpd::DPD,
    &fedex::FEDEX,
    &gls::GLS,
    &usps::USPS,
    &keys::HMAC,
    &basic::PUROLATOR,
    &royal_mail::ROYAL_MAIL,
    &keys::STATIC_HEADER,
];

/// The table of a carrier.
pub fn carrier(name: &str) -> Option<&'static Carrier> {
    CARRIERS
        .iter()
        .copied()
        .find(|carrier| carrier.name == name)
}

/// The names of all carriers.
pub(crate) fn names() -> Vec<&'static str> {
    CARRIERS.iter().map(|carrier| carrier.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Answer, Value};
    use std::collections::BTreeSet;

    fn answers(carrier: &Carrier) -> Vec<Answer> {
        let of_endpoints = carrier.endpoints.iter().flat_map(|endpoint| {
            [
                endpoint.good,
                endpoint.malformed,
                endpoint.refused,
                endpoint.foreign,
                endpoint.limited,
            ]
        });
        of_endpoints.chain([carrier.not_found]).collect()
    }

    #[test]
    fn tables_are_sound() {
        let names: BTreeSet<&str> = names().into_iter().collect();
        assert_eq!(names.len(), CARRIERS.len(), "each carrier once");
        for carrier in CARRIERS {
            let name = carrier.name;
            let issued: Vec<_> = carrier
                .endpoints
                .iter()
                .filter_map(|of| of.issues)
                .collect();
            for endpoint in carrier.endpoints {
                for field in endpoint.forms.iter().copied().flatten() {
                    let known = match field.value {
                        Value::Secret(secret) => {
                            carrier.secrets.iter().any(|(of, _)| *of == secret)
                        }
                        Value::Token(token) => issued.iter().any(|issue| issue.token == token),
                        Value::Fixed(_) | Value::Any => true,
                    };
                    assert!(known, "{name} {}: {field:?}", endpoint.name);
                }
                assert!(!endpoint.forms.is_empty(), "{name} {}", endpoint.name);
            }
            for answer in answers(carrier) {
                assert!((200..600).contains(&answer.status), "{name}: {answer:?}");
                if answer.content_type == "application/json" && !answer.body.is_empty() {
                    let filled = answer.body.replace("{expires_in}", "1");
                    let filled = filled.replace("{issued_at_ms}", "1");
                    let json = serde_json::from_str::<serde_json::Value>(&filled);
                    assert!(json.is_ok(), "{name}: {}", answer.body);
                }
            }
        }
    }
}

//! PyPI's karrio, unmodified but for its base URL, with the extensions of several carriers: a token from the
//! gateway in the carrier's form (or Basic authentication where the carrier has no tokens), and one call through it.

use super::{
    rows::{self, Row},
    world::Carrier,
};
use crate::installed::{python, sources};
use std::process::Command;
use tests::run_command;

/// karrio's name of the carrier, the row, and what the call gives.
const EXTENSIONS: [(&str, &Row, &str); 8] = [
    ("canadapost", &rows::CANADA_POST, "RateDetails"),
    ("dhl_parcel_de", &rows::DHL_PARCEL_DE, "ShipmentDetails"),
    ("dpd_meta", &rows::DPD, "PickupDetails"),
    ("fedex", &rows::FEDEX, "RateDetails"),
    ("gls", &rows::GLS, "TrackingDetails"),
    ("mydhl", &rows::DHL_EXPRESS, "RateDetails"),
    ("purolator", &rows::PUROLATOR, "RateDetails"),
    ("usps", &rows::USPS, "RateDetails"),
];

#[tokio::test]
async fn karrio_of_pypi_calls_each_carrier() {
    let Some(interpreter) = python("karrio's carriers").await else {
        return;
    };
    for (extension, row, expected) in EXTENSIONS {
        let carrier = Carrier::strict(row).await;
        let mut python = Command::new(&interpreter);
        let url = format!("http://{}/{}", carrier.gateway().apps, row.carrier);
        python
            .arg(sources().join("karrio_carriers.py"))
            .arg(extension)
            .env("WAYBILL_URL", url)
            .env("CLIENT_ID", "shop-client")
            .env("CLIENT_SECRET", "shop-secret")
            .env("ACCOUNT_NUMBER", carrier.mock.carrier().account);
        let done = run_command(python).await;
        let said = format!("{}{}", done.stdout, done.stderr);
        assert_eq!(done.code, Some(0), "{extension}: {said}");
        let detail = format!("detail {expected}");
        assert!(done.stdout.contains(&detail), "{extension}: {said}");
        let refused = carrier.mock.journal().iter().any(|seen| seen.status != 200);
        assert!(!refused, "{extension}: {:?}", carrier.mock.journal());
        // The client believes that it has a token of the carrier; the carrier has issued one to the gateway.
        let wanted = usize::from(row.has_tokens);
        assert_eq!(carrier.token_requests(), wanted, "{extension}");
    }
}

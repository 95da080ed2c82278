//! What a change costs. The amounts are made up, but they depend on the change and the distance.

use serde_json::{Value, json};

use crate::calendar::date_number;
use crate::products::contract::{Call, Refusal};
use crate::products::shipping::store::Shipment;
use crate::products::tracking::timeline::Timeline;

/// In hundredths.
const INTERCEPT: i64 = 2_100;
const ANOTHER_STATE: i64 = 1_650;
const SAME_STATE: i64 = 480;
const RESIDENCE: i64 = 595;

/// The costs of one change, in hundredths.
struct Costs {
    intercept: i64,
    transport: i64,
    accessorial: i64,
}

impl Costs {
    fn of(option: &str, request: &Value, shipment: &Shipment) -> Self {
        let goes_on = ["AA", "RS"].contains(&option);
        let state = match option {
            "AA" => request.pointer("/redirectAddress/addressInfo/state"),
            _ => request.pointer("/fromAddress/state"),
        };
        let stays = state.and_then(Value::as_str) == Some(shipment.to.state.as_str());
        Self {
            // Somebody who collects a package pays nothing for the way.
            intercept: INTERCEPT,
            transport: match (goes_on, stays) {
                (false, _) => 0,
                (true, true) => SAME_STATE,
                (true, false) => ANOTHER_STATE,
            },
            accessorial: if goes_on && shipment.lane.residential {
                RESIDENCE
            } else {
                0
            },
        }
    }

    const fn total(&self) -> i64 {
        self.intercept + self.transport + self.accessorial
    }
}

/// The charges of the first request for a rate, as an answer has one entry for each tracking number.
pub(super) fn info(
    call: &Call<'_>,
    shipment: &Shipment,
    index: usize,
    life: &Timeline,
) -> Result<Value, Refusal> {
    let request = &call.items("/ratingRequest")[0];
    let option = request.pointer("/trackInfo/interceptOption");
    let option = option.and_then(Value::as_str).unwrap_or_default();
    // AL asks for all options; the entry itself then shows a redirection.
    let costs = Costs::of(
        if option == "AL" { "AA" } else { option },
        request,
        shipment,
    );
    let package = &shipment.packages[index];
    let mut info = json!({
        "trackingNumber": package.tracking_number,
        "accessorialCharge": money(costs.accessorial),
        "interceptCharge": money(costs.intercept),
        "transportationCharge": money(costs.transport),
        "totalCharge": money(costs.total()),
        "preTaxTotalCharge": money(costs.total()),
        "totalTax": money(0),
        "taxDisclaimerIndicator": "NTA",
        "chargeCurrency": "USD",
        "estDeliveryDate": date_number(life.scheduled).to_string(),
        "residentialIndicator": shipment.lane.residential,
        "additionalHandlingIndicator": false,
        "serviceCode": format!("0{}", life.service.0),
        "serviceDesc": life.service.1,
        "packageWeight": package.weight,
        "packageWeightUOM": shipment.weight_unit,
        "packagingType": "02",
        "shipperName": shipment.from.name,
        "displayShipperPaidInterceptCharges": false,
        "shipperPaidInterceptCharges": false,
    });
    if option == "AL" {
        let details = ["WC", "SC", "FD", "AA", "RS"].map(|option| {
            let costs = Costs::of(option, request, shipment);
            json!({
                "interceptOption": option,
                "accessorialCharge": money(costs.accessorial),
                "interceptCharge": money(costs.intercept),
                "transportationCharge": money(costs.transport),
                "totalCharge": money(costs.total()),
                "displayShipperPaidInterceptCharges": false,
                "shipperPaidInterceptCharges": false,
                "successful": true,
                "currencyCode": "USD",
            })
        });
        info["interceptChargeDetail"] = json!(details);
    }
    Ok(info)
}

fn money(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

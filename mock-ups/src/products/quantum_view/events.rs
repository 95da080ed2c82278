//! What happened to the packages, as Quantum View tells it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::calendar::date_number;
use crate::products::contract::Call;
use crate::products::shipping::store::{Address, Shipment, Shipments};
use crate::products::tracking::timeline::{Scan, Timeline};

/// Longer than a package is on the way.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(120 * 24);

/// One event.
pub(super) struct Event {
    pub(super) at: Timestamp,
    /// The member of a file in which it stands.
    pub(super) kind: &'static str,
    pub(super) body: Value,
}

/// The events after one moment and until another, in order.
pub(super) fn between(
    shipments: &Shipments,
    call: &Call<'_>,
    after: Timestamp,
    until: Timestamp,
) -> Vec<Event> {
    let made_after = after.saturating_sub(LONGEST_LIFE).unwrap_or(Timestamp::MIN);
    let mut events = Vec::new();
    for account in call.request.caller.accounts.iter() {
        for shipment in shipments.of_shipper(&account.number, made_after) {
            let lives = Timeline::of_shipment(&shipment);
            let is_due = |at: Timestamp| at > after && at <= until;
            if is_due(shipment.created_at) {
                events.push(Event {
                    at: shipment.created_at,
                    kind: "Manifest",
                    body: manifest(&shipment, &lives),
                });
            }
            for life in &lives {
                let due = life.scans().iter().filter(|scan| is_due(scan.at));
                events.extend(due.filter_map(|scan| event(&shipment, life, scan)));
            }
        }
    }
    events.sort_by_key(|event| event.at);
    events
}

/// The event of a scan, if Quantum View tells of such scans.
fn event(shipment: &Shipment, life: &Timeline, scan: &Scan) -> Option<Event> {
    let kind = match (scan.step.kind, scan.step.code) {
        ("D", _) => "Delivery",
        ("X" | "U", _) => "Exception",
        ("MV", _) | (_, "DS") => "Generic",
        (_, "OR") => "Origin",
        _ => return None,
    };
    let (date, time) = clock(life, scan);
    let mut body = json!({
        "ShipperNumber": shipment.shipper_number,
        "TrackingNumber": life.tracking_number,
        "BillToAccount": {"Option": "01", "Number": shipment.shipper_number},
    });
    if let Some(references) = references(&life.references) {
        body["PackageReferenceNumber"] = references;
    }
    if kind == "Generic" {
        body["ActivityType"] = json!(if scan.step.code == "DS" { "DS" } else { "VM" });
        body["Activity"] = json!({"Date": date, "Time": time});
        body["Service"] = service(life);
    } else {
        body["Date"] = json!(date);
        body["Time"] = json!(time);
        let place = life.place(scan);
        body["ActivityLocation"] = json!({"AddressArtifactFormat": {
            "PoliticalDivision2": place.city.to_uppercase(),
            "PoliticalDivision1": place.state.to_uppercase(),
            "CountryCode": place.country.to_uppercase(),
        }});
    }
    match kind {
        "Origin" => body["ScheduledDeliveryDate"] = json!(date_number(life.scheduled).to_string()),
        "Delivery" => {
            body["DriverRelease"] = json!("FRONT DOOR");
            body["DeliveryLocation"] = delivery_location(life.place(scan));
        }
        "Exception" => {
            body["StatusCode"] = json!(scan.step.code);
            body["StatusDescription"] = json!(scan.step.description);
            let day = date_number(life.scheduled).to_string();
            body["RescheduledDeliveryDate"] = json!(day);
        }
        _ => {}
    }
    Some(Event {
        at: scan.at,
        kind,
        body,
    })
}

fn delivery_location(place: &Address) -> Value {
    let mut address = json!({
        "ConsigneeName": cut(&place.name, 35),
        "StreetName": cut(place.lines.first().map_or("", String::as_str), 50),
        "PoliticalDivision2": place.city.to_uppercase(),
        "PoliticalDivision1": place.state.to_uppercase(),
        "CountryCode": place.country.to_uppercase(),
        "PostcodePrimaryLow": place.postal_code,
    });
    without_blanks(&mut address);
    json!({"AddressArtifactFormat": address, "Code": "FD", "Description": "FRONT DOOR"})
}

/// The description of a shipment when it is announced.
fn manifest(shipment: &Shipment, lives: &[Timeline]) -> Value {
    let mut shipper = address(&shipment.from);
    without_blanks(&mut shipper);
    let mut receiver = address(&shipment.to);
    receiver["ConsigneeName"] = json!(cut(&shipment.to.name, 35));
    without_blanks(&mut receiver);
    let packages: Vec<Value> = lives.iter().map(package).collect();
    let scheduled = lives
        .first()
        .map(|life| date_number(life.scheduled).to_string());
    let picked_up = lives.first().and_then(|life| {
        let mut scans = life.scans().iter();
        let origin = scans.find(|scan| scan.step.code == "OR")?;
        Some(life.local(origin).date())
    });
    let mut body = json!({
        "Shipper": {
            "Name": cut(&shipment.from.name, 35),
            "ShipperNumber": shipment.shipper_number,
            "Address": shipper,
        },
        "ShipTo": {"CompanyName": cut(&shipment.to.name, 35), "Address": receiver},
        "PickupDate": date_number(picked_up.unwrap_or_else(|| shipment.day())).to_string(),
        "ScheduledDeliveryDate": scheduled.unwrap_or_default(),
        "Package": packages,
        "BillToAccount": {"Option": "01", "Number": shipment.shipper_number},
        // The file requires both, and says that they mean something by being there.
        "ConsigneeBillIndicator": "",
        "CollectBillIndicator": "",
    });
    if let Some(life) = lives.first() {
        body["Service"] = service(life);
    }
    if let Some(references) = references(&shipment.references) {
        body["ReferenceNumber"] = references;
    }
    body
}

fn package(life: &Timeline) -> Value {
    let mut package = json!({
        "TrackingNumber": life.tracking_number,
        "PackageWeight": {"Weight": life.weight},
    });
    if let Some(first) = life.scans().first() {
        let (date, time) = clock(life, first);
        package["Activity"] = json!([{"Date": date, "Time": time}]);
    }
    if let Some(references) = references(&life.references) {
        package["ReferenceNumber"] = references;
    }
    package
}

fn service(life: &Timeline) -> Value {
    json!({"Code": format!("0{}", life.service.0), "Description": life.service.1})
}

fn references(references: &[String]) -> Option<Value> {
    let list = || {
        references
            .iter()
            .map(|value| json!({"Value": cut(value, 35)}))
            .collect()
    };
    (!references.is_empty()).then(list)
}

fn address(address: &Address) -> Value {
    let line = |index: usize| cut(address.lines.get(index).map_or("", String::as_str), 35);
    json!({
        "AddressLine1": line(0),
        "AddressLine2": line(1),
        "AddressLine3": line(2),
        "City": cut(&address.city, 30),
        "StateProvinceCode": cut(&address.state, 5),
        "PostalCode": cut(&address.postal_code, 9),
        "CountryCode": address.country,
    })
}

/// The date and the time of a scan where it is made.
fn clock(life: &Timeline, scan: &Scan) -> (String, String) {
    let local = life.local(scan);
    let time = local.strftime("%H%M%S").to_string();
    (date_number(local.date()).to_string(), time)
}

fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// The file wants at least one character, so an empty member is left out.
fn without_blanks(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| member != "");
    }
}

//! What was recorded of UPS, or reported in public: one line of `recordings.txt` each.
//!
//! A line has five columns: what it shows; the call; what is different about the usual body; the status; what the
//! answer has. `recordings.txt` begins with the words that the columns know.

use mock_ups::MockUps;
use serde_json::{Value, json};

use crate::client::{Answer, Call, token};
use http::Method;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/recordings.txt");

/// A row, split into its columns.
struct Row<'a> {
    what: &'a str,
    call: &'a str,
    changes: &'a str,
    status: u16,
    expected: &'a str,
}

fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [what, call, changes, status, expected] = columns[..] else {
            panic!("not five columns: {line}");
        };
        let status = status.parse().expect("a status");
        Row {
            what,
            call,
            changes,
            status,
            expected,
        }
    })
}

fn address(line: &str, city: &str, state: &str, postal_code: &str, country: &str) -> Value {
    json!({"AddressLine": [line], "City": city, "StateProvinceCode": state,
        "PostalCode": postal_code, "CountryCode": country})
}

/// The body of a kind of call: the member that all others are in, and what is in it.
fn body(kind: &str) -> (&'static str, Value) {
    let weight = json!({"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "1"});
    let party = |name: &str, address: Value| {
        json!({"Name": name, "AttentionName": name, "Phone": {"Number": "9195550100"},
            "Address": address})
    };
    let mut shipper = party(
        "Shipper",
        address("1 Main St", "Durham", "NC", "27703", "US"),
    );
    shipper["ShipperNumber"] = json!("A1B2C3");
    let ship_to = party(
        "Receiver",
        address("1 Main St", "Orlando", "FL", "32821", "US"),
    );
    let rate = json!({"Request": {}, "Shipment": {
        "Shipper": shipper, "ShipTo": ship_to, "Service": {"Code": "03"},
        "Package": [{"PackagingType": {"Code": "02"}, "PackageWeight": weight}]}});
    match kind {
        "rate" => ("RateRequest", rate),
        "ship" => {
            let mut ship = rate;
            let shipment = &mut ship["Shipment"];
            shipment["PaymentInformation"] = json!({"ShipmentCharge": [{"Type": "01",
                "BillShipper": {"AccountNumber": "A1B2C3"}}]});
            shipment["Package"] = json!([{"Packaging": {"Code": "02"}, "PackageWeight": weight}]);
            shipment["Description"] = json!("Books");
            ship["LabelSpecification"] = json!({"LabelImageFormat": {"Code": "GIF"}});
            ("ShipmentRequest", ship)
        }
        "address" => {
            let key = json!({"AddressLine": ["100 W 86th St"], "PoliticalDivision2": "New York",
                "PoliticalDivision1": "NY", "PostcodePrimaryLow": "10024", "CountryCode": "US"});
            ("XAVRequest", json!({"AddressKeyFormat": key}))
        }
        "transit" => {
            let flat = json!({"originCountryCode": "US", "originPostalCode": "27703",
                "originCityName": "Durham", "originStateProvince": "NC",
                "destinationCountryCode": "US", "destinationPostalCode": "32821",
                "destinationCityName": "Orlando", "destinationStateProvince": "FL",
                "weight": "1", "weightUnitOfMeasure": "LBS", "shipDate": "2026-12-01",
                "numberOfPackages": "1"});
            ("", flat)
        }
        "label" => ("LabelRecoveryRequest", json!({})),
        "none" => ("", Value::Null),
        other => panic!("no such body: {other}"),
    }
}

/// The changes that make a shipment go to Germany.
const ABROAD: &str = r#"Shipment.Service.Code="65"; Shipment.ShipTo.Address={"AddressLine": ["Schönhauser Allee 6"], "City": "Berlin", "PostalCode": "10119", "CountryCode": "DE"}; Shipment.InvoiceLineTotal={"CurrencyCode": "USD", "MonetaryValue": "50"}; Shipment.ShipmentTotalWeight={"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "1"}"#;

/// The changes that make a shipment go from Germany to France.
const WITHIN_EUROPE: &str = r#"Shipment.Shipper.Address={"AddressLine": ["Schönhauser Allee 6"], "City": "Berlin", "PostalCode": "10119", "CountryCode": "DE"}; Shipment.ShipTo.Address={"AddressLine": ["1 Rue de Rivoli"], "City": "Paris", "PostalCode": "75001", "CountryCode": "FR"}; Shipment.Package.0.PackageWeight={"UnitOfMeasurement": {"Code": "KGS"}, "Weight": "1"}"#;

/// Sets `a.b.0=json`, or removes `-a.b`.
fn change(body: &mut Value, changes: &str) {
    for change in changes.split("; ").filter(|change| !change.is_empty()) {
        if let "abroad" | "within Europe" = change {
            let changes = if change == "abroad" {
                ABROAD
            } else {
                WITHIN_EUROPE
            };
            self::change(body, changes);
            continue;
        }
        let (path, value) = change.split_once('=').unwrap_or((change, "null"));
        let (path, removes) = match path.strip_prefix('-') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let mut place = &mut *body;
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        for step in parents.split('.').filter(|step| !step.is_empty()) {
            place = match step.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_) => &mut place[step],
            };
        }
        if removes {
            place.as_object_mut().expect("an object").remove(last);
        } else {
            let text = value.replace("TEXT36", &format!("\"{}\"", "x".repeat(36)));
            place[last] = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{change}: {e}"));
        }
    }
}

/// `KIND METHOD PATH` to a request.
async fn send(mock: &MockUps, token: &str, row: &Row<'_>) -> Answer {
    let mut words = row.call.split_whitespace();
    let mut word = || {
        words
            .next()
            .unwrap_or_else(|| panic!("{}: the call", row.what))
    };
    let (kind, method, path) = (word(), word(), word());
    let method: Method = method.parse().expect("a method");
    let call = Call::new(method, format!("{}{path}", mock.base_url()))
        .bearer(token)
        .header("transid", "1")
        .header("transactionsrc", "test");
    if kind == "malformed" {
        return call.body("{").send().await;
    }
    if kind == "token" {
        let form = [("grant_type", "client_credentials")];
        let url = format!("{}{path}", mock.base_url());
        let call = crate::client::post(url).basic("mock-client", "mock-secret");
        return call.form(&form).send().await;
    }
    let (root, mut body) = body(kind);
    change(&mut body, row.changes);
    let body = match root {
        "" => body,
        root => json!({ root: body }),
    };
    let call = if body.is_null() {
        call
    } else {
        call.json(&body)
    };
    call.send().await
}

fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(value, |place, step| match step.parse::<usize>() {
            Ok(index) => place.get(index),
            Err(_) => place.get(step),
        })
}

/// What of the expectation does not hold.
fn missed(answer: &Answer, expected: &str) -> Option<String> {
    let value = if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    // The one member that all others are in.
    let inner = value.as_object().and_then(|all| all.values().next());
    let inner = inner.filter(|inner| inner.is_object()).unwrap_or(&value);
    for one in expected.split("; ").filter(|one| !one.is_empty()) {
        let holds = match one.split_once(' ') {
            Some(("code", code)) => {
                let errors = find(&value, "response.errors.0.code");
                errors.is_some_and(|found| found == code)
            }
            Some(("has", path)) => find(inner, path).is_some(),
            Some(("lacks", path)) => find(inner, path).is_none(),
            Some((path, rest)) => match rest.split_once(' ') {
                Some(("begins", start)) => find(inner, path)
                    .and_then(Value::as_str)
                    .is_some_and(|text| text.starts_with(start)),
                Some(("is", json)) => {
                    let wanted: Value = serde_json::from_str(json).expect("JSON");
                    find(inner, path) == Some(&wanted)
                }
                _ => panic!("not understood: {one}"),
            },
            None => panic!("not understood: {one}"),
        };
        if !holds {
            return Some(one.to_owned());
        }
    }
    None
}

#[tokio::test]
async fn the_mock_answers_as_recorded() {
    let mock = MockUps::builder()
        .frozen_at("2026-12-01T15:00:00Z".parse().expect("a time"))
        .start()
        .await
        .expect("it starts");
    let token = token(&mock.base_url()).await;
    let table = std::fs::read_to_string(TABLE).expect("the table");
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows(&table) {
        count += 1;
        let answer = send(&mock, &token, &row).await;
        let missed = missed(&answer, row.expected);
        if answer.status != row.status || missed.is_some() {
            let text: String = answer.text().chars().take(1500).collect();
            let what = row.what;
            wrong.push(format!("{what}: {} {missed:?}\n{text}", answer.status));
        }
    }
    assert!(count > 60, "only {count} rows were read");
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

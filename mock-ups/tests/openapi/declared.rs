//! What the tests of declared products share: a right call, and what is wrong with it.

use std::time::Duration;

use mock_ups::MockUps;
use serde_json::{Value, json};

use crate::client::{Answer, World};
use crate::spec::Spec;

/// Monday, noon in the morning of America.
pub(crate) const MONDAY: &str = "2024-03-04T15:00:00Z";

/// A call that is right.
#[derive(Debug, Clone)]
pub(crate) struct Right {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// Header lines.
    pub(crate) head: &'static str,
    /// `null`: the call has no body.
    pub(crate) body: Value,
}

impl Right {
    pub(crate) fn post(path: impl Into<String>, head: &'static str, body: Value) -> Self {
        let path = path.into();
        Self {
            method: "POST",
            path,
            head,
            body,
        }
    }

    pub(crate) fn get(path: impl Into<String>, head: &'static str) -> Self {
        let path = path.into();
        Self {
            method: "GET",
            path,
            head,
            body: Value::Null,
        }
    }

    fn send_text(&self, world: &World, body: &str) -> Answer {
        let head = format!(
            "Authorization: {}\r\nContent-Type: application/json\r\n{}",
            world.bearer(),
            self.head
        );
        world.exchange(self.method, &self.path, &head, body)
    }

    pub(crate) fn send(&self, world: &World) -> Answer {
        match self.body.is_null() {
            true => self.send_text(world, ""),
            false => self.send_text(world, &self.body.to_string()),
        }
    }

    /// The answer, which must be 200, have the members and, where UPS's file is at hand, fit its schema.
    pub(crate) fn succeeds(
        &self,
        world: &World,
        schema: (Option<&Spec>, &str),
        required: &str,
    ) -> Value {
        let answer = self.send(world);
        assert_eq!(answer.status, 200, "{} {}", self.path, answer.body);
        let body = answer.json();
        for pointer in required.split_whitespace() {
            assert!(body.pointer(pointer).is_some(), "{pointer} of {body}");
        }
        if let (Some(spec), name) = schema {
            spec.check(name, &body);
        }
        body
    }

    /// Each change of the body is refused. A line is a pointer, the new value, and the status with the code:
    /// `/a/b | "text" | 400 CODE`. The value `-` takes the member away, and `x*9` is a text of nine letters.
    pub(crate) fn refuses(&self, world: &World, schema: (Option<&Spec>, &str), mistakes: &str) {
        let lines = mistakes.lines().filter(|line| !line.is_empty());
        for line in lines {
            let columns: Vec<&str> = line.split(" | ").collect();
            let [pointer, value, refusal] = columns[..] else {
                panic!("{line}")
            };
            let value = match (value, value.strip_prefix("x*")) {
                ("-", _) => Value::Null,
                (_, Some(count)) => json!("x".repeat(count.parse().expect("a number"))),
                _ => serde_json::from_str(value).expect("JSON"),
            };
            let (status, code) = refusal.split_once(' ').unwrap_or((refusal, ""));
            let status = status.parse().expect("a status");
            let mut call = self.clone();
            set(&mut call.body, pointer, value);
            call.is_refused(world, schema, (status, code), line);
        }
    }

    /// The call as it is is refused.
    pub(crate) fn is_refused(
        &self,
        world: &World,
        schema: (Option<&Spec>, &str),
        (status, code): (u16, &str),
        what: &str,
    ) {
        let answer = self.send(world);
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        let body = answer.json();
        assert_eq!(code_of(&body), code, "{what}: {body}");
        if let (Some(spec), name) = schema {
            spec.check(name, &body);
        }
    }

    /// What every product refuses: another version, another method, an app without the product, and a body that
    /// is no JSON. The older services answer the last one with 200 and nothing, and a version with a code, as recorded.
    pub(crate) fn has_manners(&self, world: &World, version: &str, unreadable: (u16, &str)) {
        let mut other = self.clone();
        other.path = self.path.replacen(&format!("/{version}/"), "/v97/", 1);
        assert_ne!(other.path, self.path);
        let answer = other.send(world);
        match unreadable.0 {
            200 => assert_eq!((answer.status, answer.code().as_str()), (400, "20002")),
            _ => assert_eq!(answer.status, 404, "{}", other.path),
        }
        other = self.clone();
        other.method = "TRACE";
        assert_eq!(other.send(world).status, 405, "{}", other.path);
        if !self.body.is_null() {
            let answer = self.send_text(world, "{\"a\": ");
            assert_eq!(answer.status, unreadable.0, "{}", answer.body);
            if answer.status != 200 {
                assert_eq!(code_of(&answer.json()), unreadable.1);
            }
        }
        let products = Some(vec!["rating".to_owned()]);
        assert!(world.mock.set_products("mock-client", products));
        let answer = self.send(world);
        assert!(world.mock.set_products("mock-client", None));
        assert_eq!((answer.status, answer.code().as_str()), (401, "250002"));
    }
}

/// Sets a member, or takes it away.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent);
    let parent = parent.unwrap_or_else(|| panic!("no parent of {pointer}"));
    match (parent, value) {
        (Value::Object(members), Value::Null) => {
            assert!(members.remove(name).is_some(), "no {pointer}");
        }
        (Value::Object(members), value) => drop(members.insert(name.to_owned(), value)),
        (Value::Array(items), value) => {
            items[name.parse::<usize>().expect("an index")] = value;
        }
        (other, _) => panic!("{pointer} is below {other}"),
    }
}

/// The code of the first error, in whichever envelope it is.
fn code_of(body: &Value) -> String {
    let first = ["/response/errors/0/code", "/errors/0/code", "/errorCode"];
    let code = first
        .iter()
        .find_map(|pointer| body.pointer(pointer)?.as_str());
    code.unwrap_or_default().to_owned()
}

impl World {
    /// A mock whose clock stands still at a time.
    pub(crate) async fn at(time: &str) -> Self {
        let time = time.parse().expect("a time");
        Self::over(MockUps::builder().frozen_at(time)).await
    }

    /// Moves the clock on and gets a token for the new time.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.mock.advance(by);
        self.acquire();
    }

    /// Ships packages of a shipper; gives their numbers.
    pub(crate) fn ship(&self, shipper: &str, packages: usize) -> Vec<String> {
        let address = |state: &str, city: &str, zip: &str| {
            json!({"AddressLine": ["1 Street"], "City": city, "StateProvinceCode": state,
                "PostalCode": zip, "CountryCode": "US"})
        };
        let package = json!({"Packaging": {"Code": "02"}, "PackageWeight":
            {"UnitOfMeasurement": {"Code": "LBS"}, "Weight": "5"}});
        let body = json!({"ShipmentRequest": {"Shipment": {
            "Shipper": {"Name": "Acme", "ShipperNumber": shipper,
                "Address": address("NC", "Durham", "27703")},
            "ShipTo": {"Name": "Jane", "Address": address("FL", "Orlando", "32821")},
            "Service": {"Code": "03"},
            "PaymentInformation": {"ShipmentCharge": {"Type": "01",
                "BillShipper": {"AccountNumber": shipper}}},
            "Package": vec![package; packages],
        }}});
        let answer = self.call("POST", "/api/shipments/v2409/ship", &body.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        let results = &answer.json()["ShipmentResponse"]["ShipmentResults"]["PackageResults"];
        let results = results.as_array().expect("a list").iter();
        let number = |result: &Value| result["TrackingNumber"].as_str().map(str::to_owned);
        results
            .map(|result| number(result).expect("a number"))
            .collect()
    }

    /// What tracking says of a package.
    pub(crate) fn track(&self, number: &str) -> Value {
        let path = format!("/api/track/v1/details/{number}");
        let answer = self.call("GET", &path, "").json();
        answer["trackResponse"]["shipment"][0]["package"][0].clone()
    }
}

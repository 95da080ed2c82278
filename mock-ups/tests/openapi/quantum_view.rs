//! Quantum View: events of the state.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const PATH: &str = "/api/quantumview/v3/events";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn events(subscription: &Value) -> Right {
    let mut request = json!({"Request": {"RequestAction": "QVEvents",
        "TransactionReference": {"CustomerContext": "mine"}}});
    if !subscription.is_null() {
        request["SubscriptionRequest"] = json!([subscription]);
    }
    Right::post(PATH, "", json!({ "QuantumViewRequest": request }))
}

/// The files of an answer.
fn files(answer: &Value) -> Vec<Value> {
    let subscription = &answer["QuantumViewResponse"]["QuantumViewEvents"]["SubscriptionEvents"][0];
    let files = subscription["SubscriptionFile"].as_array();
    files.cloned().unwrap_or_default()
}

/// How many events of a kind the files have.
fn count(answer: &Value, kind: &str) -> usize {
    let files = files(answer);
    let lists = files.iter().filter_map(|file| file[kind].as_array());
    lists.map(Vec::len).sum()
}

const MISTAKES: &str = r#"
/QuantumViewRequest | - | 400 330001
/QuantumViewRequest/Request/RequestAction | - | 400 330001
/QuantumViewRequest/Request/RequestAction | "Events" | 400 330002
/QuantumViewRequest/SubscriptionRequest/0/Name | x*22 | 400 330003
/QuantumViewRequest/SubscriptionRequest/0/Name | "Inbound" | 400 330010
/QuantumViewRequest/SubscriptionRequest/0/FileName | "x" | 400 330003
/QuantumViewRequest/SubscriptionRequest/0/DateTimeRange/BeginDateTime | - | 400 330011
/QuantumViewRequest/SubscriptionRequest/0/DateTimeRange/BeginDateTime | "20240101000000" | 400 330012
/QuantumViewRequest/SubscriptionRequest/0/DateTimeRange/BeginDateTime | "20240399000000" | 400 330012
/QuantumViewRequest/SubscriptionRequest/0/DateTimeRange/EndDateTime | "20240304000000" | 400 330012
/QuantumViewRequest/Bookmark | "bm9ib2R5" | 400 330013
"#;

#[tokio::test(flavor = "multi_thread")]
async fn answers_fit_and_mistakes_are_refused() {
    let mut world = World::at(MONDAY).await;
    let spec = Spec::load("QuantumView");
    let schema = (spec.as_ref(), "QUANTUMVIEWResponseWrapper");
    let error = (spec.as_ref(), "ErrorResponse");
    let numbers = world.ship("A1B2C3", 2);
    let void = format!(
        "/api/shipments/v2409/void/cancel/{}?trackingnumber={}",
        numbers[0], numbers[1]
    );
    world.call("DELETE", &void, "");
    world.advance(6 * DAY);
    let required = "/QuantumViewResponse/Response/TransactionReference/CustomerContext /QuantumViewResponse/Response/ResponseStatusCode /QuantumViewResponse/QuantumViewEvents/SubscriberID /QuantumViewResponse/QuantumViewEvents/SubscriptionEvents/0/SubscriptionStatus/Code /QuantumViewResponse/QuantumViewEvents/SubscriptionEvents/0/SubscriptionFile/0/FileName /QuantumViewResponse/QuantumViewEvents/SubscriptionEvents/0/SubscriptionFile/0/Manifest/0/Shipper/Name /QuantumViewResponse/QuantumViewEvents/SubscriptionEvents/0/SubscriptionFile/0/Manifest/0/ShipTo";
    let answer = events(&Value::Null).succeeds(&world, schema, required);
    for (kind, expected) in [
        ("Manifest", 1),
        ("Origin", 1),
        ("Delivery", 1),
        ("Generic", 2),
    ] {
        assert_eq!(count(&answer, kind), expected, "{kind}");
    }
    let call = events(&json!({"Name": "OutboundXML",
        "DateTimeRange": {"BeginDateTime": "20240304160000", "EndDateTime": "20240306000000"}}));
    call.succeeds(&world, schema, "");
    call.refuses(&world, error, MISTAKES);
    call.has_manners(&world, "v3", (200, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_is_not_given_again_unless_it_is_asked_for() {
    let mut world = World::at(MONDAY).await;
    world.ship("A1B2C3", 1);
    let unread = events(&Value::Null);
    let first = unread.send(&world).json();
    assert_eq!(
        (count(&first, "Manifest"), count(&first, "Delivery")),
        (1, 0)
    );
    assert!(files(&unread.send(&world).json()).is_empty());
    world.advance(6 * DAY);
    let later = unread.send(&world).json();
    assert_eq!(
        (count(&later, "Manifest"), count(&later, "Delivery")),
        (0, 1)
    );
    let name = files(&first)[0]["FileName"].clone();
    let again = events(&json!({ "FileName": name })).send(&world).json();
    assert_eq!(count(&again, "Manifest"), 1);
    assert_eq!(files(&again)[0]["StatusType"]["Code"], "R");
    // The oldest version has no lists of one.
    let mut old = events(&json!({ "FileName": name }));
    old.path = PATH.replace("v3", "v1");
    let old = old.send(&world).json();
    let events = &old["QuantumViewResponse"]["QuantumViewEvents"]["SubscriptionEvents"];
    assert!(
        events["SubscriptionFile"]["Manifest"]["Shipper"].is_object(),
        "{old}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_an_answer_holds_follows_with_its_bookmark() {
    let mut world = World::at(MONDAY).await;
    for _ in 0..3 {
        world.ship("A1B2C3", 15);
        world.advance(Duration::from_secs(3600));
    }
    world.advance(6 * DAY);
    for subscription in [
        json!({"DateTimeRange": {"BeginDateTime": "20240304150000"}}),
        Value::Null,
    ] {
        let mut call = events(&subscription);
        let (mut delivered, mut pages) = (0, 0);
        loop {
            let answer = call.send(&world).json();
            delivered += count(&answer, "Delivery");
            pages += 1;
            let bookmark = answer["QuantumViewResponse"]["Bookmark"].clone();
            if bookmark.is_null() {
                break;
            }
            call.body["QuantumViewRequest"]["Bookmark"] = bookmark;
        }
        assert_eq!(delivered, 45);
        assert!(pages > 1, "{pages}");
    }
}

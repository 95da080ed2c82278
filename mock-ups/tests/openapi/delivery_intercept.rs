//! Delivery Intercept v2, and the tracking life that it changes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const HEAD: &str = "transId: intercept-1\r\nplatformType: XOLT\r\ninquiryType: U\r\n";
const BASE: &str = "/api/deliveryintercept/v2";
const ERROR: &str = "DeliveryInterceptErrorResponseV2";

fn address() -> Value {
    json!({"addressLine1": "12911 FORK RD", "city": "Baldwin", "state": "MD",
        "postalCode": "21013", "countryCode": "US"})
}

fn change(operation: &str, number: &str, more: &Value) -> Right {
    let mut body = json!({"specialInstructions": "Handle With Care",
        "requesterContactInfo": {"name": "John", "telephone": "+13522098238"}});
    let members = more.as_object().expect("members").clone();
    body.as_object_mut().expect("an object").extend(members);
    Right::post(format!("{BASE}/{operation}/{number}"), HEAD, body)
}

fn charges(number: &str, option: &str) -> Right {
    let mut party = address();
    party["firstName"] = json!("Sam");
    party["phoneNumber"] = json!("+1987654324");
    let body = json!({"ratingRequest": [{"fromAddress": party, "toAddress": party,
        "trackInfo": {"interceptOption": option}}]});
    Right::post(format!("{BASE}/charges/{number}"), HEAD, body)
}

fn eligibility(world: &World, number: &str, feature: &str, of: &str) -> String {
    let call = Right::get(format!("{BASE}/eligibility/intercept/{number}"), HEAD);
    let answer = call.send(world).json();
    let features = answer["response"]["commonEligibilityMap"].as_array();
    let found = features.expect("a list").iter();
    let mut found = found.filter(|entry| entry["interceptFeature"] == feature);
    let value = found.next().expect("the feature")["eligibilityValue"][of].clone();
    value.as_str().expect("a text").to_owned()
}

fn status(world: &World, number: &str) -> String {
    let package = world.track(number);
    package["currentStatus"]["simplifiedTextDescription"]
        .as_str()
        .expect("a text")
        .to_owned()
}

/// What the file requires of an answer with charges.
const CHARGES: &str = "
/response/chargeInfo/0/trackingNumber
/response/chargeInfo/0/accessorialCharge
/response/chargeInfo/0/interceptCharge
/response/chargeInfo/0/totalCharge
/response/chargeInfo/0/transportationCharge
/response/chargeInfo/0/chargeCurrency
/response/chargeInfo/0/estDeliveryDate
/response/chargeInfo/0/serviceCode
/response/chargeInfo/0/serviceDesc
/response/chargeInfo/0/packageWeight
/response/chargeInfo/0/packageWeightUOM
/response/chargeInfo/0/packagingType
/response/chargeInfo/0/shipperName
/response/chargeInfo/0/preTaxTotalCharge
/response/chargeInfo/0/taxDisclaimerIndicator
";

const CHANGE_MISTAKES: &str = r#"
/requesterContactInfo | - | 400 710
/requesterContactInfo/name | - | 400 710
/requesterContactInfo/name | x*31 | 400 710
/requesterContactInfo/name | 1 | 400 710
/requesterContactInfo/telephone | "0352" | 400 710
/requesterContactInfo/emailAddress | "nobody" | 400 710
/requestType | "XX" | 400 710
/requestType | "WC" | 400 710
/newDeliveryAddress | - | 400 710
/newDeliveryAddress/addressInfo/city | - | 400 710
/newDeliveryAddress/addressInfo/state | "Maryland" | 400 710
/newDeliveryAddress/addressInfo/postalCode | "2101" | 400 710
"#;

const DATE_MISTAKES: &str = r#"
/deliveryDate | "20240304" | 400 723
/deliveryDate | "2024-03-04" | 400 710
"#;

const CHARGE_MISTAKES: &str = r#"
/ratingRequest | [] | 400 710
/ratingRequest/0/trackInfo/interceptOption | "ZZ" | 400 710
/ratingRequest/0/toAddress/firstName | - | 400 710
"#;

#[tokio::test(flavor = "multi_thread")]
async fn answers_fit_and_mistakes_are_refused() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("DeliveryIntercept");
    let spec = spec.as_ref();
    let [number, second, third, fourth] =
        <[String; 4]>::try_from(world.ship("A1B2C3", 4)).expect("four");
    let answer = Right::get(format!("{BASE}/eligibility/intercept/{number}"), HEAD).succeeds(
        &world,
        (spec, "DeliveryInterceptEligibilityOptionsResponseV2"),
        "/response/transactionId /response/statusCode /response/commonEligibilityMap",
    );
    let days = &answer["response"]["commonEligibilityMap"][0]["eligibilityValue"];
    let day = days["dateOptionsforFutureDelivery"][1]["date"].clone();
    let required = CHARGES;
    let schema = (spec, "DeliveryInterceptChargesResponseV2");
    let all = charges(&number, "AL").succeeds(&world, schema, required);
    let detail = &all["response"]["chargeInfo"][0]["interceptChargeDetail"];
    assert_eq!(detail.as_array().map(Vec::len), Some(5));
    let schema = (spec, "DeliveryInterceptResponseV2");
    let required = "/transactionId /statusCode /success";
    let redirect = json!({"newDeliveryAddress": {"addressInfo": address(),
        "nameOrCompanyName": "New Receiver"}});
    for call in [
        change("willcall", &number, &json!({"requestType": "WC"})),
        change("reschedule", &second, &json!({"deliveryDate": day})),
        change("redirect/address", &third, &redirect),
        change(
            "return",
            &fourth,
            &json!({"requestType": "RS", "reasonForReturn": "AN"}),
        ),
        change("cancel", &number, &json!({"requestType": "WC"})),
    ] {
        call.succeeds(&world, schema, required);
    }
    let call = change("redirect/address", &number, &redirect);
    call.refuses(&world, (spec, ERROR), CHANGE_MISTAKES);
    change("reschedule", &number, &json!({})).refuses(&world, (spec, ERROR), DATE_MISTAKES);
    charges(&number, "AL").refuses(&world, (spec, ERROR), CHARGE_MISTAKES);
    let mut headless = call.clone();
    headless.head = "transId: intercept-1\r\nplatformType: XOLT\r\n";
    headless.is_refused(&world, (spec, ERROR), (400, "710"), "inquiryType");
    let unknown = change("willcall", "1Z999AA10123456784", &json!({}));
    unknown.is_refused(&world, (spec, ERROR), (400, "0006"), "unknown");
    call.has_manners(&world, "v2", (400, "710"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_follows_each_change_until_the_package_is_delivered() {
    let mut world = World::at(MONDAY).await;
    let numbers = world.ship("A1B2C3", 4);
    let day = |number: &str| world.track(number)["deliveryDate"][0]["date"].clone();
    let planned = day(&numbers[0]);
    let redirect = json!({"newDeliveryAddress": {"addressInfo": address()}});
    let reason = json!({"reasonForReturn": "AM"});
    for call in [
        change("willcall", &numbers[0], &json!({})),
        change("redirect/address", &numbers[1], &redirect),
        change("return", &numbers[2], &reason),
    ] {
        assert_eq!(call.send(&world).status, 200);
    }
    assert_eq!(status(&world, &numbers[0]), "Held for Pickup");
    assert_eq!(day(&numbers[0]), planned);
    assert_ne!(day(&numbers[1]), planned);
    let events = json!({"QuantumViewRequest": {"Request": {"RequestAction": "QVEvents"}}});
    let events = world.call("POST", "/api/quantumview/v3/events", &events.to_string());
    let told = events.body.matches("\"StatusDescription\"").count();
    assert_eq!(told, 3, "{}", events.body);
    // One change at a time.
    assert_eq!(
        eligibility(&world, &numbers[0], "WC", "createEligibility"),
        "NOT_ELIGIBLE"
    );
    assert_eq!(
        eligibility(&world, &numbers[0], "WC", "cancelEligibility"),
        "ELIGIBLE"
    );
    assert_eq!(
        eligibility(&world, &numbers[3], "WC", "createEligibility"),
        "ELIGIBLE"
    );
    world.advance(Duration::from_secs(20 * 24 * 3600));
    for number in &numbers {
        let package = world.track(number);
        assert_eq!(package["currentStatus"]["type"], "D", "{package}");
    }
    let place = |number: &str| {
        let package = world.track(number);
        package["activity"][0]["location"]["address"]["stateProvince"].clone()
    };
    assert_eq!(place(&numbers[0]), "FL");
    assert_eq!(place(&numbers[1]), "MD");
    assert_eq!(place(&numbers[2]), "NC");
    let answer = change("willcall", &numbers[3], &json!({})).send(&world);
    assert_eq!((answer.status, answer.code().as_str()), (400, "720"));
}

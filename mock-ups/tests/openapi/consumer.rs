//! What protects orders and deliveries: Commerce Guard, DeliveryDefense, pickup preferences, PINs.

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const HEAD: &str = "transId: t-1\r\ntransactionSrc: tests\r\npartnerId: partner\r\n";

const ORDER_MISTAKES: &str = r#"
/orderId | - | 400 MISSING_FIELD
/orderId | x*65 | 400 INVALID_FIELD
/orderValue | -1 | 400 INVALID_FIELD
/orderCreatedAt | "yesterday, at half past ten" | 400 INVALID_FIELD
/userInformation/ipAddress | "999.1.1.1" | 400 INVALID_FIELD
/billingContact/address/addressLine | [] | 400 MISSING_FIELD
/billingContact/phone/number | "312555" | 400 INVALID_FIELD
"#;

#[tokio::test(flavor = "multi_thread")]
async fn commerce_guard_scores_an_order() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("CommerceGuard");
    let contact = json!({"name": {"firstName": "Alice", "lastName": "Smith"},
        "phone": {"countryCode": "1", "number": "3125556789"},
        "address": {"addressLine": ["1 Street"], "city": "Chicago", "stateProvinceCode": "IL",
            "postalCode": "60616", "countryCode": "US"}});
    let call = Right::post(
        "/api/commerce-guard/v1/verify",
        HEAD,
        json!({
            "userInformation": {"email": "alice@example.com", "ipAddress": "192.168.1.1"},
            "billingContact": contact, "shippingContact": contact,
            "products": [{"sku": "1", "name": "Headphones"}], "orderValue": 199.99,
            "currencyCode": "USD", "orderId": "1", "orderCreatedAt": "2025-07-16T10:53:11.893Z",
            "paymentInformation": {"method": "card", "lastDigits": 4242},
        }),
    );
    let schema = (spec.as_ref(), "ChargebackVerifyResponseV1");
    let required = "/superScore /decision /categoryScores/proxyScore/rank";
    let answer = call.succeeds(&world, schema, required);
    assert_eq!(answer, call.send(&world).json());
    for decision in ["reject", "review"] {
        let mut tried = call.clone();
        tried.body["userInformation"]["email"] = json!(format!("{decision}@example.com"));
        assert_eq!(
            tried.succeeds(&world, schema, required)["decision"],
            decision
        );
    }
    call.refuses(
        &world,
        (spec.as_ref(), "ChargebackErrorResponseV1"),
        ORDER_MISTAKES,
    );
    let mut headless = call.clone();
    headless.head = "";
    headless.is_refused(&world, (None, ""), (400, "MISSING_FIELD"), "partnerId");
    call.has_manners(&world, "v1", (400, "INVALID_REQUEST"));
}

const ADDRESS_MISTAKES: &str = r#"
/street | - | 400
/zipCode | "1002" | 400
/city | 1 | 400
"#;

#[tokio::test(flavor = "multi_thread")]
async fn delivery_defense_scores_an_address() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("DeliveryDefense");
    let call = Right::post(
        "/api/deliverydefense/external/v1.0/address/score",
        "",
        json!({
        "street": "1 Main St", "city": "New York", "state": "NY", "zipCode": "10024"}),
    );
    let required = "/status/message /data/score /data/resiComFlag";
    let answer = call.succeeds(&world, (spec.as_ref(), "success"), required);
    let score = answer["data"]["score"].as_u64().expect("a number");
    assert!((100..=1000).contains(&score));
    let mut elsewhere = call.clone();
    elsewhere.body["state"] = json!("CA");
    assert_eq!(elsewhere.send(&world).status, 204);
    call.refuses(&world, (spec.as_ref(), "Error400"), ADDRESS_MISTAKES);
    call.has_manners(&world, "v1.0", (400, ""));
}

const PREFERENCE_MISTAKES: &str = r#"
/locale | - | 400 PREF-400
/locale | "english" | 400 PREF-400
/emails/0 | "nobody" | 400 PREF-400
/notificationIndicators/email/preArrivalInd | "yes" | 400 PREF-400
/notificationIndicators/email/preArrivalInd | - | 400 PREF-400
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pickup_preferences_are_kept() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("PickupNotificationPreferences");
    let error = (spec.as_ref(), "ErrorResponse");
    let path = "/api/digital-experience/preferences/v1/account-pickup?account_number=A1B2C3";
    let get = Right::get(path, HEAD);
    get.is_refused(&world, error, (404, "PREF-404"), "nothing was put");
    let names = [
        "dayOfPickupInd",
        "dayBeforePickupInd",
        "preArrivalInd",
        "pickupUpdateInd",
        "pickupCompleteInd",
        "pickupCancellationInd",
        "enrollmentConfirmationInd",
        "smartPickupCutOffNotificationTimeInd",
        "smartPickupTriggerWarningInd",
        "smartPickupTriggerNotificationInd",
        "smartPickupTriggerCancellationInd",
        "pickupIncompleteNotificationInd",
        "pickupDelayedInd",
    ];
    let indicators: Value = names.iter().map(|name| (*name, true)).collect();
    let mut put = Right::post(
        path,
        HEAD,
        json!({"locale": "en_US", "emails": ["a@example.com"],
        "notificationIndicators": {"email": indicators}}),
    );
    put.method = "PUT";
    let required = "/statusMessage /timeStamp /payload/accountNumber /payload/versionNumber /payload/locale /payload/notificationIndicators";
    put.succeeds(
        &world,
        (spec.as_ref(), "AccountPickupModifyResponse"),
        required,
    );
    let required = "/statusMessage /timeStamp /payload/0/locale";
    let kept = get.succeeds(
        &world,
        (spec.as_ref(), "AccountPickupGetResponse"),
        required,
    );
    assert_eq!(kept["payload"][0]["emails"], json!(["a@example.com"]));
    put.refuses(&world, error, PREFERENCE_MISTAKES);
    let foreign = Right::get(path.replace("A1B2C3", "X9Y8Z7"), HEAD);
    foreign.is_refused(&world, error, (404, "PREF-404"), "foreign");
    put.has_manners(&world, "v1", (400, "PREF-400"));
    world
        .mock
        .change_settings(|settings| settings.strict_files = true);
    get.is_refused(&world, error, (400, "PREF-400"), "letters");
}

const NUMBER_MISTAKES: &str = r#"
/trackingNumbers | - | 400 PIN-400
/trackingNumbers | [] | 400 PIN-400
/trackingNumbers/0 | "1Z" | 400 PIN-401
/trackingNumbers/0 | "1Z999AA10123456784" | 404 PIN-404
"#;

const PIN_MISTAKES: &str = r#"
/pin | "12" | 400 PIN-402
/pin | "12a4" | 400 PIN-401
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pins_belong_to_packages_that_were_shipped() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("ProtectedDeliveryToken");
    let error = (spec.as_ref(), "ErrorResponse");
    let numbers = world.ship("A1B2C3", 2);
    let path = "/api/pin-mgmt-sys/v1/pins";
    let call = Right::post(
        format!("{path}/retrieve"),
        HEAD,
        json!({ "trackingNumbers": numbers }),
    );
    let schema = (spec.as_ref(), "GetPinsForTrackingNumberListResponse");
    let answer = call.succeeds(&world, schema, "/results/1/trackingNumber /results/1/pin");
    let pin = answer["results"][0]["pin"].clone();
    let token = Right::post(format!("{path}/token"), HEAD, json!({ "pin": pin }));
    let made = token.succeeds(&world, (spec.as_ref(), "GenerateTokenResponse"), "/token");
    let head = format!(
        "X-UserToken: {}\r\n{HEAD}",
        made["token"].as_str().expect("a text")
    );
    let mut get = Right::get(format!("{path}/token"), String::leak(head));
    let got = get.succeeds(&world, (spec.as_ref(), "GetPinByTokenResponse"), "/pin");
    assert_eq!(got["pin"], pin);
    get.head = "X-UserToken: 0\r\ntransID: t1\r\ntransactionSrc: tests\r\n";
    get.is_refused(&world, error, (404, "PIN-404"), "token");
    let head = format!("trackingNumber: {}\r\n{HEAD}", numbers[0]);
    let code = Right::get(format!("{path}/epra?action=get"), String::leak(head));
    let required = "/response/epraCode /response/epraMatch";
    let answer = code.succeeds(&world, (spec.as_ref(), "EpraResponse"), required);
    assert_eq!(answer["response"]["epraMatch"], "No");
    call.refuses(&world, error, NUMBER_MISTAKES);
    token.refuses(&world, error, PIN_MISTAKES);
    call.has_manners(&world, "v1", (400, "PIN-403"));
}

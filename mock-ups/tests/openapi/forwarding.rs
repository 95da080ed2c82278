//! Forwarding: orders, shipments, quotes, documents and lists.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::World;
use crate::declared::{MONDAY, Right};
use crate::spec::Spec;

const HEAD: &str = "transactionSrc: tests\r\nX-ClientId: client\r\n\
                    X-BusinessGUID: 4ce27ff5-8e17-4797-a8c1-089796db0000\r\n";
const BASE: &str = "/api/forwarding/v1";
const ERROR: &str = "ApolloErrorResponseV1";

fn post(path: &str, body: Value) -> Right {
    Right::post(format!("{BASE}/{path}"), HEAD, body)
}

fn get(path: &str) -> Right {
    Right::get(format!("{BASE}/{path}"), HEAD)
}

fn with(mut call: Right, method: &'static str) -> Right {
    call.method = method;
    call
}

fn party(country: &str) -> Value {
    json!({"account": "A1B2C3", "company": "Acme", "address1": "1 Street", "city": "New York",
        "state": "NY", "postalCode": "10001", "countryCode": country, "contactName": "Jane",
        "contactPhone": "5551234", "contactEmail": "jane@example.com"})
}

fn items() -> Value {
    json!([{"itemDescription": "Laptop", "count": 2, "length": 10, "width": 10, "height": 10,
        "weight": 30}])
}

fn order() -> Right {
    post(
        "orders",
        json!({"shipper": party("US"), "consignee": party("US"),
        "shipment": {"serviceType": "AM", "paymentType": "PPD", "pickupDate": "2024-03-05",
            "freightType": "LOOSE", "orderDescription": "WIDGETS", "currency": "USD",
            "isMetric": false, "items": items()}}),
    )
}

fn search(field: &str, operator: &str, value: &str) -> Right {
    let criteria = json!({"shipperAccountNumber": "A1B2C3", "criteriaList": [
        {"criteriaField": field, "criteriaOperator": operator, "criteriaValue": value}]});
    let sent: String = criteria
        .to_string()
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    get(&format!("orders?criteria={sent}"))
}

fn patch(path: &str, member: &str, value: &str) -> Right {
    with(
        post(
            path,
            json!([{"op": "replace", "path": member, "value": value}]),
        ),
        "PATCH",
    )
}

const ORDER_MISTAKES: &str = r#"
/shipper/address1 | - | 400 FWD-400
/shipper/account | "X9Y8Z7" | 400 FWD-405
/shipper/city | x*41 | 400 FWD-402
/shipment/serviceType | "ZZ" | 400 FWD-401
/shipment/pickupDate | "tomorrow.." | 400 FWD-401
/shipment/items | [] | 400 FWD-400
/shipment/items/0/weight | "30" | 400 FWD-401
/shipment/isMetric | "no" | 400 FWD-401
"#;

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_moved_until_they_are_submitted() {
    let mut world = World::at(MONDAY).await;
    let spec = Spec::load("Forwarding");
    let spec = spec.as_ref();
    let error = (spec, ERROR);
    let required = "/response/shipmentNumber /response/orderNumber /response/labelFormat /response/charges /response/labelImage";
    let made = order().succeeds(&world, (spec, "ApolloOrderResponseV1"), required);
    let number = made["response"]["orderNumber"]
        .as_str()
        .expect("a text")
        .to_owned();
    let path = format!("orders?shipper_account_number=A1B2C3&order_number={number}");
    let moved = patch(&path, "/newDate", "2024-03-06");
    let schema = (spec, "ApolloOrderSetDateResponseV1");
    let answer = moved.succeeds(&world, schema, "/response/newDate /response/orderNumber");
    assert_eq!(answer["response"]["newDate"], "2024-03-06");
    patch(&path, "/newDate", "2024-03-01").is_refused(&world, error, (400, "FWD-413"), "past");
    patch(&path, "/colour", "red").is_refused(&world, error, (400, "FWD-401"), "path");
    let schema = (spec, "ApolloOrderSearchResponseV1");
    let found = search("SHIP_DATE", "EQ", "2024-03-06").succeeds(
        &world,
        schema,
        "/response/orders/0/status",
    );
    assert_eq!(
        found["response"]["orders"].as_array().map(Vec::len),
        Some(1)
    );
    search("COLOUR", "EQ", "red").is_refused(&world, error, (400, "FWD-401"), "field");
    search("STATUS", "EQ", "7").is_refused(&world, error, (404, "FWD-404"), "nothing");
    let submit = patch(
        "shipments?shipper_account_number=A1B2C3&pickup_date=2024-03-06",
        "/status",
        "submitted",
    );
    let schema = (spec, "ApolloAirShipmentDataResponseV1");
    let required = "/response/account /response/manifest/manifestNumber /response/manifestPDF";
    let submitted = submit.succeeds(&world, schema, required);
    submit.is_refused(&world, error, (400, "FWD-404"), "nothing is open");
    patch(&path, "/newDate", "2024-03-07").is_refused(&world, error, (400, "FWD-412"), "submitted");
    let print = post(
        "documents/manifests",
        json!({"accountNumber": "A1B2C3",
        "manifestNumber": submitted["response"]["manifestNumber"]}),
    );
    assert_eq!(print.succeeds(&world, schema, required), submitted);
    let label = post(
        "documents/labels",
        json!({"shipperAccountNumber": "A1B2C3", "orderNumber": number}),
    );
    label.succeeds(&world, (None, ""), "/response/labelImage");
    let path = format!(
        "shipments/milestones?business_id=1&ups_shipment_number={}",
        &number[..10]
    );
    let status = |world: &World| {
        let schema = (spec, "ApolloFullTrackingDetailsResponseV1");
        let answer = get(&path).succeeds(world, schema, "/response/primaryInformation");
        answer["response"]["primaryInformation"]["milestoneStatus"].clone()
    };
    assert_eq!(status(&world), "Booked");
    world.advance(Duration::from_secs(5 * 24 * 3600));
    assert_eq!(status(&world), "Delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_cancelled_once_and_mistakes_are_refused() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("Forwarding");
    let spec = spec.as_ref();
    let error = (spec, ERROR);
    let second = order().send(&world).json()["response"]["orderNumber"].clone();
    let cancel = with(
        post(
            "orders",
            json!({"account": "A1B2C3", "orderNumber": second}),
        ),
        "DELETE",
    );
    cancel.succeeds(
        &world,
        (spec, "ApolloCancelOrderResponseV1"),
        "/response/orderNumber",
    );
    cancel.is_refused(&world, error, (400, "FWD-410"), "cancelled");
    order().refuses(&world, error, ORDER_MISTAKES);
    let mut headless = order();
    headless.head = "transactionSrc: tests\r\nX-ClientId: client\r\n";
    headless.is_refused(&world, error, (400, "FWD-400"), "X-BusinessGUID");
    order().has_manners(&world, "v1", (400, "FWD-403"));
    get("orders?criteria=all").is_refused(&world, error, (400, "FWD-401"), "criteria");
}

const RATE_MISTAKES: &str = r#"
/shipment/items/0/count | - | 400 FWD-400
/shipment/freightType | "BAG" | 400 FWD-401
/shipper/postalCode | "12345678901" | 400 FWD-402
"#;

const SHIPMENT_MISTAKES: &str = r#"
/consignee/company | - | 400 FWD-400
/consignee/contactEmail | "nobody" | 400 FWD-401
"#;

#[tokio::test(flavor = "multi_thread")]
async fn shipments_are_rated_made_shown_and_cancelled() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("Forwarding");
    let spec = spec.as_ref();
    let error = (spec, ERROR);
    let shipment = json!({"serviceType": null, "paymentType": "PPD", "freightType": "PALLET",
        "items": [{"count": 2, "length": 10, "width": 10, "height": 10, "weight": 30}]});
    let rates = post(
        "shipments/rates",
        json!({"shipper": party("US"), "consignee": party("US"),
        "shipment": shipment}),
    );
    let schema = (spec, "ApolloAirFreightRateResponseV1");
    let required = "/response/rates/0/serviceType /response/rates/0/charges/1/amount";
    let all = rates.succeeds(&world, schema, required);
    assert_eq!(all["response"]["rates"].as_array().map(Vec::len), Some(6));
    // 60 pounds of next day freight: 310 cents each, and 18 % for fuel.
    assert_eq!(
        all["response"]["rates"][0]["totalCharge"]["amount"],
        "219.48"
    );
    rates.refuses(&world, error, RATE_MISTAKES);
    let mut body = rates.body.clone();
    body["shipment"]["serviceType"] = json!("DF");
    let ship = post("shipments", body);
    let required = "/response/shipmentNumber /response/rates/0 /label/image";
    let made = ship.succeeds(&world, (spec, "ApolloAirShipResponseV1"), required);
    let number = made["response"]["shipmentNumber"].as_str().expect("a text");
    let show = get(&format!("shipments?request_type=Air&shipment_id={number}"));
    let schema = (spec, "ApolloShipmentDetailResponseV1");
    let status = |call: &Right| {
        let answer = call.succeeds(&world, schema, "/response/shipmentSummary/status");
        answer["response"]["shipmentSummary"]["status"].clone()
    };
    assert_eq!(status(&show), "ShipmentConfirmed");
    let cancel = json!({"shipperAccountNumber": "A1B2C3", "shipmentNumber": number});
    let cancel = with(post("shipments", cancel), "DELETE");
    let schema = (spec, "ApolloAirShipmentCancelResponseV1");
    cancel.succeeds(&world, schema, "/response/shipmentNumber");
    cancel.is_refused(&world, error, (400, "FWD-410"), "cancelled");
    assert_eq!(status(&show), "ShipmentCancelled");
    ship.refuses(&world, error, SHIPMENT_MISTAKES);
    get("shipments?request_type=Air&shipment_id=0").is_refused(
        &world,
        error,
        (400, "FWD-404"),
        "id",
    );
    get("shipments?request_type=Rail&shipment_id=0").is_refused(
        &world,
        error,
        (400, "FWD-401"),
        "type",
    );
}

const QUOTE_MISTAKES: &str = r#"
/quoteData/currencyCode | "usd" | 400 FWD-401
/quoteData/paymentTerm/code | "XX" | 400 FWD-401
/shipmentDetails/cargoItems/0/quantity | 0 | 400 FWD-401
/shipmentPartyDetail | - | 400 FWD-400
/shipmentPartyDetail/0/accountNumber | "X9Y8Z7" | 400 FWD-405
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_booked_once_while_it_holds() {
    let mut world = World::at(MONDAY).await;
    let spec = Spec::load("Forwarding");
    let spec = spec.as_ref();
    let error = (spec, ERROR);
    let quote = post(
        "quotes",
        json!({"requestType": "Air",
        "quoteData": {"serviceType": "DF", "serviceLine": "Air", "currencyCode": "USD",
            "movementTypeCode": "DTD", "incoTermType": "EXW",
            "paymentTerm": {"type": "SHPR", "code": "PPD"}},
        "routing": {"origin": {"portCode": "USATL"}},
        "shipmentDetails": {"cargoItems": [{"quantity": 2, "weight": {"weight": 50, "unitOfMeasurement": "LB"},
            "dimensions": {"length": 3, "width": 8, "height": 3, "unitOfMeasurement": "in"}}]},
        "shipmentPartyDetail": [{"type": "SHPR", "accountNumber": "A1B2C3",
            "address": {"companyName1": "Acme", "city": "New York", "countryCode": "US"}}]}),
    );
    let schema = (spec, "ApolloQuoteDetailsResponseV1");
    let required = "/response/quoteSummary/quoteId /response/quoteSummary/netTotal /response/quoteSummary/chargeDetails/0/charges/0";
    let made = quote.succeeds(&world, schema, required);
    // 100 pounds at 105 cents, and fuel.
    assert_eq!(made["response"]["quoteSummary"]["netTotal"], 123.9);
    let id = made["response"]["quoteSummary"]["quoteId"]
        .as_str()
        .expect("a text");
    let book = |id: &str| {
        let body =
            json!({"quoteId": id, "requestType": "Air", "pickupDetails": {"date": "2024-03-06"}});
        with(post("quotes", body), "PATCH")
    };
    let schema = (spec, "ApolloBookingResponseV1");
    book(id).succeeds(&world, schema, "/response/quoteBookSummary/shipmentNumber");
    book(id).is_refused(&world, error, (400, "FWD-415"), "booked");
    let show = get(&format!("quotes?request_type=Air&quote_id={id}"));
    let schema = (spec, "ApolloQuoteDataResponseV1");
    let shown = show.succeeds(&world, schema, "/response/quoteSummary/shipmentNumber");
    assert_eq!(
        shown["response"]["quoteSummary"]["status"],
        "ShipmentInitiated"
    );
    quote.refuses(&world, error, QUOTE_MISTAKES);
    let late = quote.send(&world).json()["response"]["quoteSummary"]["quoteId"].clone();
    world.advance(Duration::from_secs(8 * 24 * 3600));
    let late = late.as_str().expect("a text");
    book(late).is_refused(&world, error, (400, "FWD-416"), "expired");
    book("AEA99999999").is_refused(&world, error, (400, "FWD-414"), "unknown");
}

const ACCESSORIAL_MISTAKES: &str = r#"
/dropOffTime | "9 o'clock" | 400 FWD-401
/shipper/isResidential | "maybe" | 400 FWD-401
"#;

#[tokio::test(flavor = "multi_thread")]
async fn lists_depend_on_what_is_asked_for() {
    let world = World::at(MONDAY).await;
    let spec = Spec::load("Forwarding");
    let spec = spec.as_ref();
    for (path, schema, required) in [
        (
            "info/cities?country=US&postal=10001",
            "ApolloGetCityResponseV1",
            "/response/cityDetails/0/stateProvinceCode",
        ),
        (
            "info/cities?country=DE&city=Bonn",
            "ApolloGetCityResponseV1",
            "/response/cityDetails/0/cityName",
        ),
        (
            "info/currencies",
            "CurrenciesResponseV1",
            "/currencies/0/currencyCode",
        ),
        (
            "info/countries",
            "CountryCodeResponseV1",
            "/countries/0/countryName",
        ),
        (
            "info/payment-types?shipper_account_number=A1B2C3",
            "PaymentTypeResponseV1",
            "/shipper/code",
        ),
        (
            "info/airports?country_code=US",
            "ApolloUtilityAirportDetailResponseV1",
            "/response/airportDetails/0/airportCode",
        ),
        (
            "info/service-types?consignee_country_code=DE&shipper_country_code=US",
            "ServiceTypeSearchResponseV1",
            "/response/serviceTypes/0/code",
        ),
    ] {
        get(path).succeeds(&world, (spec, schema), required);
    }
    for path in [
        "info/cities?country=US",
        "info/cities?country=DE",
        "info/cities",
        "info/airports?country_code=usa",
        "info/service-types?consignee_country_code=DE",
        "info/payment-types",
    ] {
        assert_eq!(get(path).send(&world).status, 400, "{path}");
    }
    let place =
        |country: &str| json!({"city": "Town", "countryCode": country, "isResidential": "Y"});
    let ask = post(
        "info/accessorials",
        json!({"shipper": place("US"), "consignee": place("DE"),
        "pickupDateTime": "2024-03-04", "dropOffTime": "09:00:00"}),
    );
    let schema = (spec, "ApolloAirUtilityValidAccessorialsResponseV1");
    let answer = ask.succeeds(
        &world,
        schema,
        "/response/accessorials/0/code /response/paymentTerms/0",
    );
    assert_eq!(answer["response"]["nextAvailPUDate"], "2024-03-05");
    ask.refuses(&world, (spec, ERROR), ACCESSORIAL_MISTAKES);
}

//! Tracking.

use std::time::Duration;

use crate::client::World;
use crate::shipping::request;
use crate::spec::Spec;

#[tokio::test(flavor = "multi_thread")]
async fn tracking_answers_validate_through_the_whole_life() {
    let Some(spec) = Spec::load("Tracking") else {
        return;
    };
    let mut world = World::start().await;
    world.mock.freeze();
    let body = request(2, "ZPL").to_string();
    let created = world
        .call("POST", "/api/shipments/v2409/ship", &body)
        .json();
    let id = created["ShipmentResponse"]["ShipmentResults"]["ShipmentIdentificationNumber"]
        .as_str()
        .expect("an id")
        .to_owned();
    for _ in 0..12 {
        for path in [
            format!("/api/track/v1/details/{id}?returnMilestones=true&returnPOD=true"),
            format!("/api/track/v1/shipment/details/{id}"),
            "/api/track/v1/reference/details/order%207".to_owned(),
        ] {
            let answer = world.call("GET", &path, "");
            assert_eq!(answer.status, 200, "{}", answer.body);
            spec.check("TrackApiResponse", &answer.json());
        }
        world.mock.advance(Duration::from_secs(12 * 3600));
        world.acquire();
    }
    let answer = world.call("GET", &format!("/api/track/v1/details/{id}"), "");
    let package = &answer.json()["trackResponse"]["shipment"][0]["package"][0];
    assert_eq!(package["currentStatus"]["type"], "D");
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_of_unknown_and_sample_numbers_validates() {
    let Some(spec) = Spec::load("Tracking") else {
        return;
    };
    let world = World::start().await;
    for number in ["1Z999AA10123456784", "1Z12345E6605272234", "990728071"] {
        let answer = world.call("GET", &format!("/api/track/v1/details/{number}"), "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("TrackApiResponse", &answer.json());
        let warned = answer.body.contains("TW0001");
        assert_eq!(warned, number.starts_with("1Z9"), "{number}");
    }
}

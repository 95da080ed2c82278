//! The virtual clock through the control API.

use mock_ups::MockUps;
use serde_json::json;

use crate::client::{get, post, shop, token};

#[tokio::test]
async fn clock_is_frozen_moved_and_followed_by_expiries() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let url = format!("{base}/__mock/clock");
    let set = json!({ "freeze": true, "set": "2026-12-24T10:00:00Z" });
    let answer = post(&url).json(&set).send().await.json();
    assert_eq!(
        (&answer["now"], &answer["frozen"]),
        (&json!("2026-12-24T10:00:00Z"), &json!(true))
    );
    let token = token(&base).await;
    let moved = post(&url)
        .json(&json!({ "advance": "59m" }))
        .send()
        .await
        .json();
    assert_eq!(moved["now"], "2026-12-24T10:59:00Z");
    assert_eq!(shop(&base, &token).send().await.status, 200);
    post(&url).json(&json!({ "advance": 60 })).send().await;
    assert_eq!(shop(&base, &token).send().await.error().1, "250002");
    post(&url).json(&json!({ "freeze": false })).send().await;
    assert_eq!(get(&url).send().await.json()["frozen"], false);
}

#[tokio::test]
async fn nonsense_for_the_clock_moves_nothing() {
    let ups = MockUps::start().await.unwrap();
    ups.freeze();
    let before = ups.now();
    let url = format!("{}/__mock/clock", ups.base_url());
    for body in [
        json!({ "advance": "soon" }),
        json!({ "advance": -5 }),
        json!({ "advance": "1h", "set": "yesterday" }),
        json!({ "forward": "1h" }),
        json!([]),
    ] {
        let answer = post(&url).json(&body).send().await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(ups.now(), before);
}

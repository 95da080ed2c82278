//! The state of the start comes back, whole.

use mock_ups::{MockUps, SeedApp, SeedData};
use serde_json::json;

use crate::client::{get, post, shop, token};

#[tokio::test]
async fn reset_brings_back_clock_settings_users_and_apps() {
    let ups = MockUps::builder()
        .settings(|settings| settings.void_days = 3)
        .frozen_at("2026-12-24T10:00:00Z".parse().expect("a time"))
        .start()
        .await
        .unwrap();
    let base = ups.base_url();
    let before = get(format!("{base}/__mock/state")).send().await.json();
    let old = token(&base).await;

    ups.change_settings(|settings| settings.void_days = 28);
    ups.advance(std::time::Duration::from_secs(86_400));
    ups.unfreeze();
    ups.change_password("merchant", "another");
    let mut app: SeedApp = SeedData::default().apps[0].clone();
    app.client_id = "second".to_owned();
    ups.put_app(app);
    ups.set_blocked("mock-client", true);
    let address = json!({ "capacity": 5 });
    let resize = crate::client::Call::new(http::Method::PATCH, format!("{base}/__mock/journal"));
    resize.json(&address).send().await;

    post(format!("{base}/__mock/reset")).send().await;
    let mut after = get(format!("{base}/__mock/state")).send().await.json();
    let journal = get(format!("{base}/__mock/journal")).send().await.json();
    after["requests"] = before["requests"].clone();
    assert_eq!(after, before);
    assert_eq!(journal["capacity"], 1000);
    assert_eq!(ups.settings().void_days, 3);
    assert_eq!(shop(&base, &old).send().await.error().1, "250002");
    assert_eq!(shop(&base, &token(&base).await).send().await.status, 200);
}

#[tokio::test]
async fn faults_of_the_start_come_back_and_later_ones_go() {
    let ups = MockUps::start().await.unwrap();
    let fault = mock_ups::Fault::error(503, "10004", "away");
    ups.add_fault(fault).expect("a fault").keep();
    ups.reset();
    let base = ups.base_url();
    assert_eq!(shop(&base, &token(&base).await).send().await.status, 200);
}

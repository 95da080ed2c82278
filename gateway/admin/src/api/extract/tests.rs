use super::*;
use axum::body::Body;
use gateway_api::{AddAccount, StartMigration};

async fn refused<T: DeserializeOwned>(content: impl Into<Body>) -> (u16, String, String) {
    let request = Request::builder()
        .header("content-type", "application/json; charset=utf-8")
        .body(content.into())
        .expect("a request");
    match Content::<T>::from_request(request, &()).await {
        Ok(_) => (200, String::new(), String::new()),
        Err(error) => {
            let detail = error.detail();
            (error.status().as_u16(), detail.code, detail.message)
        }
    }
}

#[tokio::test]
async fn unknown_fields_are_refused_by_name() {
    let content = r#"{"name":"a","carrier":"ups","colour":"red"}"#;
    let (status, code, message) = refused::<AddAccount>(content).await;
    assert_eq!((status, code.as_str()), (400, "unknown_field"));
    assert!(message.contains("colour"), "{message}");

    let content = r#"{"carrier":"ups","client_id":"a","client_secret":"b",
        "profiles":[{"name":"a","account_number":"A1B2C3","pin":"1"}]}"#;
    let (_, code, message) = refused::<StartMigration>(content).await;
    assert_eq!(code, "unknown_field");
    assert!(message.starts_with("profiles[0].pin: "), "{message}");
}

/// A value in the wrong place may be a secret.
#[tokio::test]
async fn values_of_the_wrong_kind_are_not_repeated() {
    for content in [
        r#"{"client_secrets":"planted, expected a planted"}"#,
        r#"{"client_secrets":{"planted":1}}"#,
        r#""planted""#,
        r#"{"name":{"planted":1}}"#,
        r#"{"default":"planted"}"#,
    ] {
        let (status, code, message) = refused::<AddAccount>(content).await;
        assert_eq!((status, code.as_str()), (400, "bad_json"), "{content}");
        assert!(!message.contains("planted"), "{message}");
        assert!(message.contains("expected"), "{message}");
    }
}

#[tokio::test]
async fn content_that_is_not_one_json_value_is_refused() {
    let deep = format!("{{\"name\":{}", "[".repeat(100_000));
    for content in ["", "{", "nonsense", "{} {}", "\u{0}", &deep] {
        let (status, code, message) = refused::<serde_json::Value>(content.to_owned()).await;
        assert_eq!((status, code.as_str()), (400, "bad_json"), "{message}");
        assert!(message.chars().count() <= MAX_MESSAGE + 1);
    }
    let (status, ..) = refused::<serde_json::Value>(vec![b'"', 0xff, b'"']).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn message_about_a_long_name_is_short() {
    let content = format!("{{\"{}\":1}}", "é".repeat(10_000));
    let (_, code, message) = refused::<AddAccount>(content).await;
    assert_eq!(code, "unknown_field");
    assert_eq!(message.chars().count(), MAX_MESSAGE + 1);
}

#[tokio::test]
async fn content_of_another_type_is_refused() {
    for kind in [
        "text/plain",
        "application/jsonx",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let request = Request::builder()
            .header("content-type", kind)
            .body(Body::from("{}"))
            .expect("a request");
        let read = Content::<serde_json::Value>::from_request(request, &()).await;
        assert_eq!(read.err(), Some(AdminError::NotJson), "{kind}");
    }
}

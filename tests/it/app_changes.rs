//! An app is changed while it works.

use std::fs;
use tests::{World, eventually, rate_request};

const SECOND: &str = r#"
[[account]]
name = "second"
carrier = "ups"
environment = "test"
client_id = "mock-client"
client_secret = { value = "mock-secret" }
"#;

/// What a command wrote to both, if it ended so.
async fn said(world: &World, code: i32, args: &[&str]) -> String {
    let done = world.gateway.waybill("", args).await;
    let both = format!("{}{}", done.stdout, done.stderr);
    assert_eq!(done.code, Some(code), "{args:?}\n{both}");
    both
}

/// What an app may use and how often can be changed while it works: its key and its token stay.
#[tokio::test]
async fn app_is_changed_without_new_secrets() {
    let world = World::builder().more(SECOND).start().await;
    let key = world.gateway.process.folder().join("key");
    fs::write(key, "retired-access-key").expect("the test owns the file");
    let new = [
        "app",
        "add",
        "shop",
        "--account",
        "main",
        "--with-key",
        "--legacy-key-file",
        "key",
    ];
    let out = said(&world, 0, &new).await;
    let key = out.lines().find_map(|line| line.strip_prefix("key "));
    let key = key.expect(&out).trim().to_owned();
    let by = async |account: &str| {
        let mut request = rate_request();
        let fields = request.headers_mut();
        fields.insert("waybill-key", key.parse().expect("a field value"));
        if !account.is_empty() {
            fields.insert("waybill-account", account.parse().expect("a field value"));
        }
        let answer = world.app.send(request).await;
        let field = |name| answer.field(name).to_owned();
        (field("waybill-account"), field("waybill-error"))
    };
    assert_eq!(by("").await, ("main".into(), String::new()));
    assert_eq!(by("second").await.1, "account_forbidden");

    let set =
        async |code, more: &[&str]| said(&world, code, &[&["app", "set"], more].concat()).await;
    set(0, &["shop", "--account", "main,second"]).await;
    assert_eq!(by("second").await.0, "second");
    assert_eq!(by("").await.0, "main");
    let out = set(0, &["shop", "--default", "second"]).await;
    assert!(out.contains("second, main"), "{out}");
    assert_eq!(by("").await.0, "second");
    set(0, &["shop", "--rate", "1", "--burst", "1"]).await;
    eventually("two requests within a second", async || {
        by("").await.1 == "app_rate_limited"
    })
    .await;
    set(0, &["shop", "--no-rate"]).await;
    let out = said(&world, 0, &["app", "list", "--json"]).await;
    assert!(out.contains("\"rate\": null"), "{out}");
    assert_eq!(by("").await.1, "");

    // Its retired key would go on speaking for main.
    let err = set(5, &["shop", "--account", "second"]).await;
    assert!(err.contains("retired access key"), "{err}");
    let err = set(5, &["shop", "--default", "nobody"]).await;
    assert!(err.contains("may not use account nobody"), "{err}");
    let err = set(5, &["shop", "--account", "main,nobody"]).await;
    assert!(err.contains("no account nobody"), "{err}");
    let err = set(5, &["nobody", "--no-rate"]).await;
    assert!(err.contains("no app nobody"), "{err}");
    set(2, &["shop"]).await;
    set(2, &["shop", "--burst", "5"]).await;
    set(2, &["shop", "--rate", "5", "--no-rate"]).await;
    // Nothing of that was done by halves.
    assert_eq!(by("").await.0, "second");
    let out = said(&world, 0, &["audit"]).await;
    assert!(out.contains("app.change"), "{out}");
}

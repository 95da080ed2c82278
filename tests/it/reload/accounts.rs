//! Accounts and apps come, go and change by a reload.

use super::{STORE, account, append, edit, reload};
use bytes::Bytes;
use http::{Request, header};
use serde_json::json;
use tests::{Answer, Gateway, World, eventually, rate_request};

async fn by(world: &World, account: &str) -> Answer {
    let mut request = rate_request();
    let fields = request.headers_mut();
    fields.insert("waybill-account", account.parse().expect("a field value"));
    world.app.send(request).await
}

#[tokio::test]
async fn account_that_leaves_the_file_is_switched_off_and_comes_back_with_it() {
    let world = World::builder()
        .more(STORE)
        .more(&account("depot", "mock-secret"))
        .start()
        .await;
    let gateway = &world.gateway;
    by(&world, "depot").await.assert_rates();
    edit(gateway, |text| {
        text.replace(&account("depot", "mock-secret"), "")
    });
    let done = reload(gateway).await;
    assert_eq!(done["accounts"]["removed"], json!(["depot"]));
    let answer = by(&world, "depot").await;
    assert_eq!(answer.status(), 503, "{}", answer.text());
    world.shop().await.assert_rates();
    append(gateway, &account("depot", "mock-secret"));
    reload(gateway).await;
    eventually("it serves again", async || {
        by(&world, "depot").await.status() == 200
    })
    .await;
}

/// A reload for another reason must not undo what an operator has decided.
#[tokio::test]
async fn account_that_an_operator_switched_off_stays_off_until_the_file_says_otherwise() {
    let world = World::builder()
        .more(STORE)
        .more(&account("depot", "mock-secret"))
        .start()
        .await;
    let gateway = &world.gateway;
    let done = gateway
        .waybill("", &["account", "deactivate", "depot"])
        .await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    append(gateway, "[limits]\nbody = \"1MiB\"\n");
    reload(gateway).await;
    assert_eq!(by(&world, "depot").await.status(), 503);
    let off = format!("{}active = false\n", account("depot", "mock-secret"));
    edit(gateway, |text| {
        text.replace(&account("depot", "mock-secret"), &off)
    });
    reload(gateway).await;
    edit(gateway, |text| {
        text.replace(&off, &account("depot", "mock-secret"))
    });
    reload(gateway).await;
    eventually("it serves", async || {
        by(&world, "depot").await.status() == 200
    })
    .await;
}

#[tokio::test]
async fn new_credentials_that_work_take_over_without_a_failed_request() {
    let world = World::builder().more(STORE).start().await;
    world.shop().await.assert_rates();
    world
        .mock
        .exactly_one_token_request("mock-client")
        .expect("the first token");
    let two = "client_secrets = [{ value = \"wrong-secret\" }, { value = \"mock-secret\" }]";
    edit(&world.gateway, |text| {
        text.replace("client_secret = { value = \"mock-secret\" }", two)
    });
    let done = reload(&world.gateway).await;
    assert_eq!(done["accounts"]["changed"], json!(["main"]));
    world.shop().await.assert_rates();
    let one = world.mock.exactly_one_token_request("mock-client");
    assert!(one.is_err(), "the new secrets were tried");
}

/// A token of an app that is gone names nobody.
#[tokio::test]
async fn app_that_leaves_the_file_is_refused_with_the_token_it_has() {
    const APP: &str = "[[app]]\nname = \"shop\"\nclient_id = \"shop\"\n\
                       client_secret = { value = \"the shop's secret\" }\naccounts = [\"main\"]\n";
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(APP)
        .start();
    let world = world.await;
    let form = "grant_type=client_credentials";
    let request = Request::post("/security/v1/oauth/token")
        .header(
            header::AUTHORIZATION,
            "Basic c2hvcDp0aGUgc2hvcCdzIHNlY3JldA==",
        )
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from_static(form.as_bytes()))
        .expect("a request");
    let token = world.app.send(request).await.json()["access_token"].clone();
    let token = format!("Bearer {}", token.as_str().expect("a token"));
    let send = async || {
        let mut request = rate_request();
        let value = token.parse().expect("a field value");
        request.headers_mut().insert(header::AUTHORIZATION, value);
        world.app.send(request).await
    };
    send().await.assert_rates();
    edit(&world.gateway, |text| text.replace(APP, ""));
    assert_eq!(
        reload(&world.gateway).await["apps"]["removed"],
        json!(["shop"])
    );
    assert_eq!(send().await.status(), 401);
    append(&world.gateway, APP);
    reload(&world.gateway).await;
    send().await.assert_rates();
}

/// kill -9 in the middle of a reload: the next start applies the file, and nothing is half there.
#[tokio::test]
async fn crash_in_the_middle_of_a_reload_is_mended_by_the_next_start() {
    let world = World::builder().more(STORE).start().await;
    let World {
        mock: _mock,
        mut gateway,
        ..
    } = world;
    for round in 0..5_u64 {
        append(&gateway, &account(&format!("depot-{round}"), "mock-secret"));
        gateway.process.signal("HUP");
        // A different moment each time.
        tokio::time::sleep(std::time::Duration::from_millis(round * round * 3)).await;
        gateway = gateway.crash().await;
        for known in 0..=round {
            serves(&gateway, &format!("depot-{known}")).await;
        }
        assert_eq!(reload(&gateway).await["accounts"]["added"], json!([]));
    }
}

async fn serves(gateway: &Gateway, account: &str) {
    let app = tests::Client::new(gateway.apps);
    eventually("the account serves", async || {
        let mut request = rate_request();
        let name = account.parse().expect("a field value");
        request.headers_mut().insert("waybill-account", name);
        app.send(request).await.status() == 200
    })
    .await;
}

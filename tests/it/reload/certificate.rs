//! The certificate of the apps listeners is renewed while they serve.

use super::{append, edit, reload};
use std::fs;
use tests::{Certificate, World, eventually, rate_request, send_http1, send_http2};

const TLS: &str = "[listen.tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"";

async fn secure(certificate: &Certificate) -> World {
    let written = certificate.clone();
    let world = World::builder().prepare(move |folder| written.write(folder));
    world.more(TLS).start().await
}

async fn serves(world: &World, certificate: &Certificate) -> bool {
    let stream = certificate.connect(world.gateway.apps, &["h2"]).await;
    match stream {
        Ok(stream) => send_http2(stream, "https", rate_request()).await.status() == 200,
        Err(_) => false,
    }
}

#[tokio::test]
async fn renewed_certificate_is_served_without_a_command_and_open_connections_stay() {
    let (old, new) = (Certificate::for_localhost(), Certificate::for_localhost());
    let world = secure(&old).await;
    let open = old
        .connect(world.gateway.apps, &["http/1.1"])
        .await
        .expect("it is served");
    new.write(&world.gateway.process.folder());
    eventually("the new certificate is served", async || {
        serves(&world, &new).await
    })
    .await;
    assert!(!serves(&world, &old).await, "the old one is not any more");
    send_http1(open, rate_request()).await.assert_rates();
}

#[tokio::test]
async fn certificate_that_does_not_fit_or_has_expired_is_refused_and_the_old_one_serves() {
    let (old, new) = (Certificate::for_localhost(), Certificate::for_localhost());
    let world = secure(&old).await;
    let (gateway, folder) = (&world.gateway, world.gateway.process.folder());
    let kept = fs::read(folder.join("key.pem")).expect("the test's");
    new.write(&folder);
    fs::write(folder.join("key.pem"), &kept).expect("the test's");
    let done = gateway.waybill("", &["reload"]).await;
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    assert!(
        done.stderr.contains("listen.tls cannot be used"),
        "{}",
        done.stderr
    );
    assert!(serves(&world, &old).await);
    eventually("the log says so by itself", async || {
        gateway
            .process
            .output()
            .contains("the renewed certificate of the apps listeners is not used")
    })
    .await;
    Certificate::expired_for_localhost().write(&folder);
    let done = gateway.waybill("", &["reload"]).await;
    assert_eq!(done.code, Some(2), "{}", done.stdout);
    assert!(done.stderr.contains("has expired"), "{}", done.stderr);
    assert!(serves(&world, &old).await);
    new.write(&folder);
    assert_eq!(reload(gateway).await["settings"], serde_json::json!([]));
    assert!(serves(&world, &new).await, "at once");
}

#[tokio::test]
async fn tls_comes_and_goes_with_the_section() {
    let certificate = Certificate::for_localhost();
    let world = World::start().await;
    certificate.write(&world.gateway.process.folder());
    append(&world.gateway, TLS);
    assert_eq!(reload(&world.gateway).await["certificate"], true);
    assert!(serves(&world, &certificate).await);
    edit(&world.gateway, |text| text.replace(TLS, ""));
    reload(&world.gateway).await;
    let app = tests::Client::new(world.gateway.apps);
    app.send(rate_request()).await.assert_rates();
}

//! The typed client against the real listener, and against what is none.

use crate::{
    harness::{PATIENCE, start},
    plane::managed,
};
use gateway_api::client::{Client, ClientError};
use gateway_api::{AddAdminToken, AddApp, PasteConsent, RotateApp, RotateKey, SecretText};
use gateway_model::{Protection, Role, Secret};
use gateway_store::{inspect_backup, recipient_of};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::timeout,
};

fn client(addr: SocketAddr) -> Client {
    let token = Secret::new("planted-token".into());
    Client::new(&format!("http://{addr}"), token).expect("an address")
}

/// The error of a call, which never shows the token.
async fn error(client: &Client) -> ClientError {
    let answer = timeout(PATIENCE, client.status()).await;
    let error = answer.expect("an answer in time").expect_err("an error");
    assert!(
        !format!("{error} {error:?}").contains("planted"),
        "{error:?}"
    );
    error
}

/// Answers every connection with the same bytes.
async fn fake(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            drop(stream.read(&mut head).await);
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    addr
}

#[tokio::test]
async fn client_hears_what_the_gateway_says() {
    let server = start().await;
    let error = error(&client(server.addr)).await;
    let said = error.api().expect("an answer of the gateway");
    assert_eq!(
        (said.status.as_u16(), said.code.as_str()),
        (503, "no_control_plane")
    );
    assert!(
        error
            .remedy()
            .is_some_and(|remedy| remedy.contains("waybill serve"))
    );
}

#[tokio::test]
async fn client_without_a_gateway_says_how_to_start_it() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    drop(listener);
    let error = error(&client(addr)).await;
    assert!(matches!(error, ClientError::NotRunning { .. }), "{error:?}");
    let text = error.to_string();
    for part in [&addr.to_string(), "waybill serve", "--offline"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn client_that_calls_something_else_says_so() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>",
        "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let error = error(&client(fake(answer).await)).await;
        assert!(
            matches!(error, ClientError::NotUnderstood { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn client_of_another_version_says_so() {
    for answer in [
        "HTTP/1.1 200 OK\r\nwaybill-version: 99.0.0\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 404 Not Found\r\nwaybill-version: 99.0.0\r\nContent-Length: 47\r\n\r\n\
         {\"error\":{\"code\":\"not_found\",\"message\":\"none\"}}",
    ] {
        let error = error(&client(fake(answer).await)).await;
        assert!(matches!(error, ClientError::Version { .. }), "{error:?}");
        assert!(error.to_string().contains("99.0.0"), "{error}");
    }
}

#[tokio::test]
async fn client_hears_when_its_token_is_unknown() {
    let addr = fake(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 54\r\n\r\n\
         {\"error\":{\"code\":\"unauthorized\",\"message\":\"whose?\"}}\r\n",
    )
    .await;
    let error = error(&client(addr)).await;
    assert!(matches!(error, ClientError::Unauthorized(_)), "{error:?}");
}

#[tokio::test]
async fn client_does_not_wait_for_ever() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let client = client(addr).with_deadline(Duration::from_millis(200));
    let error = error(&client).await;
    assert!(matches!(error, ClientError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn client_takes_an_exchange_that_breaks_for_what_it_is() {
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        "garbage\r\n\r\n",
    ] {
        let error = error(&client(fake(answer).await)).await;
        assert!(
            matches!(error, ClientError::Unreachable { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn client_manages_apps_and_tokens() {
    let managed = managed().await;
    let base = format!("http://{}", managed.server.addr);
    let client = Client::new(&base, managed.admin.clone()).expect("an address");
    let name = "shop".parse().expect("a name");
    let app: AddApp = serde_json::from_value(serde_json::json!({ "name": "shop", "accounts": [] }))
        .expect("an app");
    let added = client.add_app(&app).await;
    let twice = client.add_app(&app).await;
    // Whether an app needs an account is the control plane's to say; what it says arrives.
    if let Ok(added) = added {
        assert!(added.client_secret.is_some());
        assert_eq!(client.apps().await.expect("apps").len(), 1);
        let conflict = twice.expect_err("it exists");
        assert_eq!(conflict.api().map(|said| said.status.as_u16()), Some(409));
        let rotated = client
            .rotate_app(&name, &RotateApp::default())
            .await
            .expect("new secrets");
        assert!(rotated.client_secret.is_some());
        client.remove_app(&name).await.expect("it is there");
    }
    let gone = client.remove_app(&name).await.expect_err("it is gone");
    assert_eq!(gone.api().map(|said| said.status.as_u16()), Some(404));

    let viewer = AddAdminToken {
        name: "second".into(),
        role: Role::ReadOnly,
    };
    let made = client.add_admin_token(&viewer).await.expect("a free name");
    let second = Client::new(&base, made.token.0).expect("an address");
    assert_eq!(second.admin_tokens().await.expect("tokens").len(), 3);
    let refused = second
        .add_admin_token(&viewer)
        .await
        .expect_err("it may only look");
    assert_eq!(
        refused.api().map(|said| said.code.as_str()),
        Some("read_only")
    );
    client
        .remove_admin_token("second")
        .await
        .expect("it is there");
    let unknown = second.status().await.expect_err("it is gone");
    assert!(
        matches!(unknown, ClientError::Unauthorized(_)),
        "{unknown:?}"
    );
    assert!(unknown.remedy().is_some());

    let trail = client.audit(None, 500).await.expect("a trail");
    assert!(
        trail
            .iter()
            .any(|entry| entry.actor == "root" && entry.action == "admin_token.add")
    );
    let older = client.audit(Some(trail[0].id), 1).await.expect("a trail");
    assert_eq!(older[0].id, trail[1].id);
}

/// Every method meets its route, whatever the control plane then says.
#[tokio::test]
async fn client_and_server_agree_on_every_route() {
    let managed = managed().await;
    let base = format!("http://{}", managed.server.addr);
    let client = Client::new(&base, managed.admin.clone()).expect("an address");
    let name = "nothing".parse().expect("a name");
    let secret = || SecretText::from("planted-passphrase".to_owned());
    let account = serde_json::from_value(serde_json::json!({
        "name": "main", "carrier": "ups", "environment": "test", "grant": "client_credentials",
        "client_id": "a", "client_secrets": ["planted"]
    }));
    let migration = serde_json::from_value(serde_json::json!({
        "carrier": "ups", "client_id": "a", "client_secret": "planted", "profiles": []
    }))
    .expect("a migration");
    let key = RotateKey {
        file: "relative".into(),
    };
    let pasted = PasteConsent {
        redirected: secret(),
    };
    let answers = [
        client.accounts().await.err(),
        client.replicas().await.err(),
        client.account(&name).await.err(),
        client
            .add_account(&account.expect("an account"))
            .await
            .err(),
        client
            .update_account(&name, &Default::default())
            .await
            .err(),
        client.remove_account(&name).await.err(),
        client.begin_consent(&name).await.err(),
        client.paste_consent(&name, &pasted).await.err(),
        client.probe(&name).await.err(),
        client.token(&name).await.err(),
        client.renew_token(&name).await.err(),
        client.apps().await.err(),
        client.notices().await.err(),
        client.status().await.err(),
        client.doctor(None).await.err(),
        client.doctor(Some(&name)).await.err(),
        client.plan_migration(&migration).await.err(),
        client.start_migration(&migration).await.err(),
        client.migration().await.err(),
        client.undo_migration().await.err(),
        client.rotate_key(&key).await.err(),
        client.remove_admin_token("a/b ä").await.err(),
        client.plugins().await.err(),
        client.reload_plugin("a/b ä").await.err(),
        client.roll_back_plugin("a/b ä").await.err(),
    ];
    for error in answers.into_iter().flatten() {
        let said = error.api().expect("an answer of the gateway");
        let plumbing = [
            "not_found",
            "method_not_allowed",
            "unknown_field",
            "bad_json",
            "not_json",
        ];
        assert!(!plumbing.contains(&said.code.as_str()), "{error:?}");
        assert!(said.status.as_u16() != 500, "{error:?}");
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
}

#[tokio::test]
async fn client_gets_a_backup() {
    let managed = managed().await;
    let client = Client::new(
        &format!("http://{}", managed.server.addr),
        managed.admin.clone(),
    )
    .expect("an address");
    let words = |text: &str| Protection::Passphrase(Secret::new(text.into()));
    let key = |text: &str| Protection::Key(Secret::new(text.into()));
    for under in [words("correct horse battery staple"), key(&"5a".repeat(32))] {
        let backup = client.backup(&under).await.expect("a backup");
        let read = inspect_backup(&mut backup.as_slice(), &under).await;
        assert_eq!(read.expect("it opens").accounts(), 0);
    }
    let holder = key(&"5a".repeat(32));
    let recipient = Protection::Recipient(recipient_of(&holder).expect("a key"));
    let backup = client.backup(&recipient).await.expect("a backup");
    let read = inspect_backup(&mut backup.as_slice(), &holder).await;
    assert_eq!(read.expect("the key opens it").accounts(), 0);
    let junk = client.backup(&key("planted")).await.expect_err("no key");
    assert_eq!(
        junk.api().map(|said| said.code.as_str()),
        Some("key_unusable")
    );
    assert!(!format!("{junk:?}").contains("planted"), "{junk:?}");
    let weak = client.backup(&words("a")).await.expect_err("too short");
    assert_eq!(
        weak.api().map(|said| said.code.as_str()),
        Some("weak_passphrase")
    );
}

//! Phases 2, 3 and 4: who is calling, with which account, and the token endpoint.

use super::harness::{TOKEN_PATH, Upstream, Wants, World, post};
use crate::{AppLogin, Limits, SecretHash};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_model::{ClientCredentialsPlace, ErrorEnvelope};
use http::HeaderName;
use std::{sync::Arc, time::Duration};

fn basic(id: &str, secret: &str) -> String {
    format!(
        "authorization: Basic {}\r\n",
        STANDARD.encode(format!("{id}:{secret}"))
    )
}

fn token_request(id: &str, secret: &str) -> String {
    post(
        TOKEN_PATH,
        &basic(id, secret),
        "grant_type=client_credentials&scope=public",
    )
}

fn strict() -> Wants {
    Wants {
        trust_loopback: false,
        ..Wants::default()
    }
}

fn access_token(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    body["access_token"].as_str().expect("a token").to_owned()
}

#[test]
fn app_fetches_a_token_and_uses_it_until_it_expires() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let got = world.send(&token_request("shop-client", "shop-secret"));
    assert_eq!((got.status(), got.one("cache-control")), (200, "no-store"));
    assert!(got.text().contains(r#""expires_in":"600""#));
    let bearer = format!("authorization: Bearer {}\r\n", access_token(&got.text()));
    for _ in 0..2 {
        assert_eq!(world.send(&post("/api", &bearer, "{}")).status(), 200);
    }
    assert_eq!(upstream.seen()[0].one("authorization"), "Bearer carrier-1");
    world.clock.advance(Duration::from_secs(601));
    let mut got = world.send(&post("/api", &bearer, "{}"));
    while got.status() == 200 {
        got = world.send(&post("/api", &bearer, "{}"));
    }
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (401, "app_unauthenticated")
    );
    assert!(got.text().contains("250002"));
}

#[test]
fn expired_token_of_ours_is_401_even_on_a_trusted_listener() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(&token_request("shop-client", "shop-secret"));
    let bearer = format!("authorization: Bearer {}\r\n", access_token(&got.text()));
    world.clock.advance(Duration::from_secs(601));
    let mut got = world.send(&post("/api", &bearer, "{}"));
    while got.status() == 200 {
        got = world.send(&post("/api", &bearer, "{}"));
    }
    assert_eq!(got.status(), 401);
    let foreign = "authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n";
    assert_eq!(world.send(&post("/api", foreign, "{}")).status(), 200);
}

#[test]
fn nobody_in_particular_is_refused_without_trust() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    for fields in ["", "authorization: Bearer x\r\n", "waybill-key: wrong\r\n"] {
        let got = world.send(&post("/api", fields, "{}"));
        assert_eq!(
            (got.status(), got.one("waybill-error")),
            (401, "app_unauthenticated")
        );
    }
    assert!(upstream.seen().is_empty());
    assert_eq!(
        world
            .send(&post("/api", "waybill-key: shop-key\r\n", "{}"))
            .status(),
        200
    );
    assert!(upstream.seen()[0].all("waybill-key").is_empty());
}

#[test]
fn forged_tokens_are_refused() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let got = world.send(&token_request("shop-client", "shop-secret"));
    let token = access_token(&got.text());
    let mut parts: Vec<&str> = token.split('.').collect();
    let claims =
        STANDARD.encode(r#"{"iss":"waybill","sub":"shop","iat":1,"exp":9999999999,"jti":"x"}"#);
    parts[1] = claims.trim_end_matches('=');
    let bearer = format!("authorization: Bearer {}\r\n", parts.join("."));
    assert_eq!(world.send(&post("/api", &bearer, "{}")).status(), 401);
}

#[test]
fn token_endpoint_refuses_in_the_carriers_words_and_is_never_forwarded() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let wrong = world.send(&token_request("shop-client", "wrong"));
    assert_eq!(
        (wrong.status(), wrong.one("waybill-error")),
        (401, "invalid_client")
    );
    assert!(wrong.text().contains("10401"));
    assert_eq!(world.send(&token_request("stranger", "x")).status(), 401);
    let no_basic = world.send(&post(TOKEN_PATH, "", "grant_type=client_credentials"));
    assert_eq!(no_basic.status(), 400);
    assert!(no_basic.text().contains("10400"));
    let grant = post(
        TOKEN_PATH,
        &basic("shop-client", "shop-secret"),
        "grant_type=password",
    );
    assert_eq!(world.send(&grant).status(), 400);
    for spelling in [
        "/security/v1/oauth/token/",
        "/Security/v1/oauth/TOKEN",
        "/security//v1/oauth/token",
        "/security/v1/oauth/%74oken",
        "/ups/security/v1/oauth/token",
    ] {
        let fields = basic("shop-client", "shop-secret");
        let got = world.send(&post(spelling, &fields, "grant_type=client_credentials"));
        assert_eq!(got.status(), 200, "{spelling}");
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn strangers_on_a_trusted_listener_get_an_anonymous_token_but_known_ids_need_their_secret() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(&token_request("whoever", "whatever"));
    assert_eq!(got.status(), 200);
    let bearer = format!("authorization: Bearer {}\r\n", access_token(&got.text()));
    assert_eq!(world.send(&post("/api", &bearer, "{}")).status(), 200);
    assert_eq!(
        world.send(&token_request("shop-client", "wrong")).status(),
        401
    );
}

#[test]
fn token_requests_of_an_app_are_limited() {
    let limits = Limits {
        token_requests_per_minute: 3,
        ..Limits::default()
    };
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants { limits, ..strict() });
    for _ in 0..3 {
        assert_eq!(
            world
                .send(&token_request("shop-client", "shop-secret"))
                .status(),
            200
        );
    }
    let got = world.send(&token_request("shop-client", "shop-secret"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (429, "too_many_token_requests")
    );
    assert!(got.text().contains("10429"));
    assert!(
        got.one("retry-after")
            .parse::<u32>()
            .is_ok_and(|seconds| seconds >= 1)
    );
}

#[test]
fn account_is_the_named_one_if_the_caller_may_use_it() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let got = world.send(&post("/api", "waybill-account: other\r\n", "{}"));
    assert_eq!((got.status(), got.one("waybill-account")), (200, "other"));
    assert!(upstream.seen()[0].all("waybill-account").is_empty());
    let shop = "waybill-key: shop-key\r\n";
    let got = world.send(&post(
        "/api",
        &format!("{shop}waybill-account: main\r\n"),
        "{}",
    ));
    assert_eq!(got.status(), 200);
    let ask = |name: &str| {
        world.send(&post(
            "/api",
            &format!("{shop}waybill-account: {name}\r\n"),
            "{}",
        ))
    };
    let (forbidden, unknown) = (ask("other"), ask("nonexistent"));
    assert_eq!(
        (forbidden.status(), forbidden.one("waybill-error")),
        (403, "account_forbidden")
    );
    assert_eq!(
        (forbidden.status(), forbidden.body),
        (unknown.status(), unknown.body)
    );
}

#[test]
fn nominating_our_fields_changes_nothing() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let fields = "connection: waybill-account\r\nwaybill-account: other\r\n";
    assert_eq!(
        world
            .send(&post("/api", fields, "{}"))
            .one("waybill-account"),
        "other"
    );
}

#[test]
fn web_pages_are_refused_without_credentials() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    for fields in [
        "origin: https://evil.example\r\n",
        "sec-fetch-site: cross-site\r\n",
    ] {
        let got = world.send(&post("/api", fields, "{}"));
        assert_eq!(
            (got.status(), got.one("waybill-error")),
            (403, "browser_refused")
        );
    }
    let rebound = "POST /api HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n";
    let got = world.send(rebound);
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (403, "host_refused")
    );
    assert!(upstream.seen().is_empty());
    assert_eq!(
        world
            .send(&post("/api", "sec-fetch-site: none\r\n", "{}"))
            .status(),
        200
    );
    let with_key = "waybill-key: shop-key\r\norigin: https://shop.example\r\n";
    assert_eq!(world.send(&post("/api", with_key, "{}")).status(), 200);
}

fn token_request_with(authorization: &str, content_type: &str, body: &str) -> String {
    format!(
        "POST {TOKEN_PATH} HTTP/1.1\r\nhost: localhost\r\n{authorization}{content_type}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[rustfmt::skip] // a table
#[test]
fn each_cause_of_a_refused_token_request_has_its_own_text() {
    const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";
    const JSON: &str = "content-type: application/json\r\n";
    const MULTIPART: &str = "content-type: multipart/form-data; boundary=x\r\n";
    let good = basic("shop-client", "shop-secret");
    let header = "Invalid Header. Waybill, not UPS, refused this request: ";
    let grant = "Invalid/Missing grant_type. Waybill, not UPS, refused this request: ";
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    for (authorization, kind, body, headline, why) in [
        ("", FORM, "grant_type=client_credentials", header, "the request has no client id and secret"),
        ("", FORM, "grant_type=client_credentials&client_id=a&client_secret=b", header, "stand in the form"),
        ("authorization: Bearer x\r\n", FORM, "grant_type=client_credentials", header, "is not Basic"),
        ("authorization: Basic !!!\r\n", FORM, "grant_type=client_credentials", header, "is not the Base64"),
        ("authorization: Basic YWJj\r\n", FORM, "grant_type=client_credentials", header, "is not the Base64"),
        (&*good, FORM, "", grant, "has no body"),
        (&*good, "", "", grant, "has no body"),
        (&*good, FORM, "scope=public", grant, "the form has no grant_type"),
        (&*good, FORM, "grant_type=", grant, "grant_type is empty"),
        (&*good, FORM, "grant_type=password&username=a", grant, "is not supported"),
        (&*good, FORM, "grant_type=refresh_token&refresh_token=a", grant, "keeps sign-ins and refresh tokens"),
        (&*good, FORM, "grant_type=authorization_code&code=a", grant, "keeps sign-ins and refresh tokens"),
        (&*good, FORM, "grant_type=client_credentials&grant_type=client_credentials", grant, "more than once"),
        (&*good, JSON, r#"{"grant_type":"client_credentials"}"#, grant, "the body is not a form"),
        (&*good, "", r#"{"grant_type":"client_credentials"}"#, grant, "the body is not a form"),
        (&*good, MULTIPART, "--x\r\n\r\n", grant, "the body is not a form"),
    ] {
        let got = world.send(&token_request_with(authorization, kind, body));
        assert_eq!((got.status(), got.one("waybill-error")), (400, "invalid_request"), "{body}");
        let json: serde_json::Value = serde_json::from_str(&got.text()).expect("JSON");
        let error = &json["response"]["errors"][0];
        let message = error["message"].as_str().expect("a message");
        assert_eq!(error["code"], "10400", "{body}");
        assert!(message.starts_with(headline) && message.contains(why), "{body}: {message}");
    }
    assert!(upstream.seen().is_empty());
}

/// Basic as clients send it: raw, or with both parts form-encoded first (RFC 6749 section 2.3.1).
#[rustfmt::skip] // a table
#[test]
fn both_readings_of_basic_credentials_count() {
    let upstream = Upstream::fine();
    for (client_id, secret, sent_id, sent_secret, status) in [
        ("shop", "p+s%t", "shop", "p+s%t", 200),
        ("shop", "p+s%t", "shop", "p%2Bs%25t", 200),
        ("shop", "p+s%t", "shop", "p%2bs%25t", 200),
        ("shop-a", "a-b", "shop%2Da", "a%2Db", 200),
        ("sh:op", "a:b", "sh%3Aop", "a:b", 200),
        ("sh:op", "a+b:c", "sh%3Aop", "a+b%3Ac", 401),
        ("my shop", "a b", "my+shop", "a+b", 200),
        ("my shop", "a b", "my%20shop", "a%20b", 200),
        ("m\u{fc}ller", "s\u{fc}\u{df}", "m%C3%BCller", "s%C3%BC%C3%9F", 200),
        ("shop", "%2B", "shop", "%2B", 200),
        ("shop", "%2B", "shop", "%252B", 200),
        ("shop", "%2B", "shop", "%25252B", 401),
        ("shop", "+", "shop", "%2B", 200),
        ("shop", "a", "shop", "%FF", 401),
        ("shop", "%FF", "shop", "%FF", 200),
        ("shop", "a", "shop", "", 401),
        ("shop", "a", "", "a", 401),
    ] {
        let change = move |directory: &mut crate::Directory| {
            directory.apps[0].login = Some(AppLogin {
                client_id: client_id.to_owned(),
                secret: SecretHash::of(secret),
            });
        };
        let world = World::new(
            upstream.addr,
            Wants {
                change: Box::new(change),
                ..strict()
            },
        );
        let got = world.send(&token_request(sent_id, sent_secret));
        assert_eq!(got.status(), status, "{sent_id}:{sent_secret}");
    }
}

/// The client id is the one that is registered, however it was sent.
#[test]
fn known_client_id_in_its_encoded_reading_needs_its_secret_on_a_trusted_listener() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let encoded = world.send(&token_request("shop%2Dclient", "shop%2Dsecret"));
    let bearer = format!(
        "authorization: Bearer {}\r\n",
        access_token(&encoded.text())
    );
    // The app may not use it; a caller without credentials may.
    let fields = format!("{bearer}waybill-account: other\r\n");
    assert_eq!(world.send(&post("/api", &fields, "{}")).status(), 403);
    let wrong = world.send(&token_request("shop%2Dclient", "wrong"));
    assert_eq!(
        (wrong.status(), wrong.one("waybill-error")),
        (401, "invalid_client")
    );
}

#[rustfmt::skip] // a table
#[test]
fn refused_callers_learn_that_it_was_the_gateway_and_why() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let got = world.send(&token_request("shop-client", "shop-secret"));
    let old = access_token(&got.text());
    world.replace(|directory| {
        directory.apps[0].login = Some(AppLogin {
            client_id: "shop-client".into(),
            secret: SecretHash::of("another"),
        });
    });
    let said = "Invalid Authentication Information. Waybill, not UPS, refused this request: ";
    for (fields, why) in [
        ("waybill-key: wrong\r\n".to_owned(), "the Waybill-Key is not registered"),
        (format!("authorization: Bearer {old}\r\n"), "the token has expired, or its app or secret"),
        ("authorization: Bearer of-another-server\r\n".to_owned(), "names no registered app of this gateway"),
        (basic("shop-client", "another"), "Basic credentials count at the token endpoint only"),
        (String::new(), "the request has no credentials"),
    ] {
        let got = world.send(&post("/api", &fields, "{}"));
        assert_eq!((got.status(), got.one("waybill-error")), (401, "app_unauthenticated"), "{fields}");
        let json: serde_json::Value = serde_json::from_str(&got.text()).expect("JSON");
        let error = &json["response"]["errors"][0];
        let message = error["message"].as_str().expect("a message");
        assert_eq!(error["code"], "250002");
        assert!(message.starts_with(said) && message.contains(why), "{message}");
    }
    let got = world.send(&token_request("shop-client", "wrong"));
    assert!(got.text().contains("ClientId is Invalid. Waybill, not UPS, refused this request: "));
}

/// The carrier's names for what OAuth names otherwise, in JSON.
#[test]
fn token_request_may_have_the_carriers_own_names() {
    let upstream = Upstream::fine();
    let wants = Wants {
        change: Box::new(|directory| {
            let profile = Arc::make_mut(&mut directory.routes[0].profile);
            let token = profile.downstream_token.as_mut().expect("some");
            token.credentials = vec![ClientCredentialsPlace::Json];
            token.fields.names = [("client_id", "clientId"), ("client_secret", "secretId")]
                .map(|(oauth, own)| (oauth.to_owned(), own.to_owned()))
                .into();
        }),
        ..strict()
    };
    let world = World::new(upstream.addr, wants);
    let asked = |secret: &str| {
        let body = format!(
            r#"{{"clientId":"shop-client","secretId":"{secret}","grant_type":"client_credentials"}}"#
        );
        world.send(&post(
            TOKEN_PATH,
            "content-type: application/json\r\n",
            &body,
        ))
    };
    let got = asked("shop-secret");
    assert_eq!(got.status(), 200, "{}", got.text());
    let got = asked("wrong");
    assert_eq!(got.one("waybill-error"), "invalid_client");
}

/// A login with a refresh token of the app's own, at an endpoint whose errors have another form than the API's.
#[test]
fn refresh_token_is_not_looked_at_where_apps_present_one() {
    const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";
    let upstream = Upstream::fine();
    let wants = Wants {
        change: Box::new(|directory| {
            let profile = Arc::make_mut(&mut directory.routes[0].profile);
            let token = profile.downstream_token.as_mut().expect("some");
            token.credentials = vec![ClientCredentialsPlace::Form];
            token.grant_types.push("refresh_token".into());
            let template = r#"{"error":"{code}","error_description":"{message}"}"#;
            token.errors = Some(ErrorEnvelope::new(template).expect("a template"));
        }),
        ..strict()
    };
    let world = World::new(upstream.addr, wants);
    let asked = |presented: &str, secret: &str| {
        let form = format!(
            "grant_type=refresh_token{presented}&client_id=shop-client&client_secret={secret}"
        );
        world.send(&token_request_with("", FORM, &form))
    };
    for presented in ["&refresh_token=of-the-app", "&refresh_token=%ff", ""] {
        let got = asked(presented, "shop-secret");
        assert_eq!(got.status(), 200, "{presented}: {}", got.text());
        // It would be the app's secret in a place where nobody looks for one.
        assert!(!got.text().contains("of-the-app"));
    }
    let got = asked("&refresh_token=of-the-app", "wrong");
    let error: serde_json::Value = serde_json::from_str(&got.text()).expect("JSON");
    assert_eq!((got.status(), &error["error"]), (401, &"10401".into()));
    // The API's own errors keep their form.
    let got = world.send(&post("/api", "", "{}"));
    assert!(got.text().starts_with(r#"{"response""#), "{}", got.text());
    assert!(upstream.seen().is_empty());
}

/// A login of header fields, whose token travels in a field of its own.
#[test]
fn login_by_header_fields_gives_a_token_in_a_field() {
    let upstream = Upstream::fine();
    let field = HeaderName::from_static;
    let wants = Wants {
        change: Box::new(move |directory| {
            let profile = Arc::make_mut(&mut directory.routes[0].profile);
            let token = profile.downstream_token.as_mut().expect("some");
            token.fields.credentials = vec![(field("x-login"), field("x-password"))];
            token.fields.issued = Some(field("x-token"));
            token.fields.carried = Some(field("x-auth"));
            token.template = String::new();
            profile.credential_headers = vec![field("x-auth")];
        }),
        ..strict()
    };
    let world = World::new(upstream.addr, wants);
    let login = "x-login: shop-client\r\nx-password: shop-secret\r\n";
    let got = world.send(&post(TOKEN_PATH, login, ""));
    assert_eq!(got.status(), 200, "{}", got.text());
    let token = format!("x-auth: {}\r\n", got.one("x-token"));
    assert_eq!(world.send(&post("/api", &token, "{}")).status(), 200);
    assert!(upstream.seen()[0].all("x-auth").is_empty());
    assert_eq!(
        world
            .send(&post("/api", "x-auth: other\r\n", "{}"))
            .status(),
        401
    );
    // Two readers might take different ones.
    let twice = format!("{login}x-password: shop-secret\r\n");
    assert_eq!(world.send(&post(TOKEN_PATH, &twice, "")).status(), 400);
    let got = world.send(&post(TOKEN_PATH, &login.replace("shop-secret", "x"), ""));
    assert_eq!(got.status(), 401);
}

/// Without tokens, the carrier's clients send a user name and a password with every request.
#[test]
fn basic_authentication_counts_where_the_carrier_has_no_tokens() {
    let upstream = Upstream::fine();
    for counts in [true, false] {
        let wants = Wants {
            change: Box::new(move |directory| {
                Arc::make_mut(&mut directory.routes[0].profile).downstream_basic = counts;
            }),
            ..strict()
        };
        let world = World::new(upstream.addr, wants);
        let status = |id, secret| world.send(&post("/api", &basic(id, secret), "{}")).status();
        let wanted = if counts { 200 } else { 401 };
        assert_eq!(status("shop-client", "shop-secret"), wanted, "{counts}");
        assert_eq!(status("shop-client", "wrong"), 401, "{counts}");
        assert_eq!(status("other", "shop-secret"), 401, "{counts}");
    }
    for seen in upstream.seen() {
        assert_eq!(seen.one("authorization"), "Bearer carrier-1");
    }
}

//! Failed requests can be found: each is one line in the log, one entry of the admin API, and can be shown by
//! its id.

use mock_ups::{Action, CannedResponse, Endpoint, Fault, Latency, Span};
use serde_json::Value;
use std::time::Duration;
use tests::{Operator, Raw, World, eventually, rate_request};

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
enum Send {
    /// A rate request with a further field.
    Rates(&'static str, &'static str),
    /// These bytes.
    Bytes(&'static str),
    /// A rate request whose app is gone when the carrier has it.
    Gone,
}

/// What is done, what the carrier does, and what is known of the request afterwards: cause, fault, status, the
/// carrier's status and code, account.
type Case = (Send, Option<Action>, &'static str);

fn cases() -> Vec<Case> {
    let usual = Send::Rates("accept", "application/json");
    let error = |status, code| Some(Action::Answer(CannedResponse::error(status, code, "no")));
    let late = Action::Delay(Latency::Fixed(Span(Duration::from_secs(300))));
    let stranger = Send::Rates("waybill-key", "wrong");
    let nobody = Send::Rates("waybill-account", "nobody");
    let malformed = Send::Bytes("GET / HTTP/1.1\r\nhost: localhost\r\nno colon\r\n\r\n");
    let token = Send::Bytes("GET /oauth/v2/token HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let chunk = Send::Bytes(
        "POST /api/rating/v2409/Shop HTTP/1.1\r\nhost: localhost\r\n\
         transfer-encoding: chunked\r\n\r\nno size\r\n",
    );
    vec![
        (stranger, None, "app_unauthenticated app 401 - - -"),
        (nobody, None, "account_forbidden app 403 - - -"),
        (malformed, None, "bad_request app 400 - - -"),
        (token, None, "authorization_server app 403 - - -"),
        (chunk, None, "body_malformed app 400 - - main"),
        (
            usual,
            error(400, "111210"),
            "carrier_refused app 400 400 111210 main",
        ),
        (
            usual,
            error(429, "10429"),
            "carrier_refused app 429 429 10429 main",
        ),
        (
            usual,
            error(403, "250003"),
            "carrier_refused operator 403 403 250003 main",
        ),
        (
            usual,
            Some(Action::Html403),
            "carrier_refused operator 403 403 - main",
        ),
        (
            usual,
            error(503, "10500"),
            "carrier_failed carrier 503 503 10500 main",
        ),
        (
            usual,
            Some(Action::ResetBefore),
            "carrier_unreachable carrier 502 - - main",
        ),
        (
            usual,
            Some(Action::ResetMidway),
            "response_broken_off carrier 200 200 - main",
        ),
        (Send::Gone, Some(late), "app_gone app - - - main"),
    ]
}

/// What the admin API says of a failed request.
fn known(entry: &Value) -> String {
    let failure = &entry["failure"];
    let facts = [
        &failure["cause"],
        &failure["fault"],
        &entry["status"],
        &failure["carrier_status"],
        &failure["carrier_code"],
        &entry["account"],
    ];
    let text = facts.map(|fact| match fact {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => fact.to_string(),
    });
    text.join(" ")
}

async fn send(world: &World, send: Send) {
    match send {
        Send::Rates(name, value) => {
            let mut request = rate_request();
            request
                .headers_mut()
                .insert(name, value.parse().expect("a value"));
            // An answer that breaks off is no answer to the client.
            drop(world.app.try_send(request).await);
        }
        Send::Bytes(bytes) => {
            let mut raw = Raw::connect(world.gateway.apps).await.expect("it listens");
            raw.send(bytes).await.until("\r\n\r\n").await;
        }
        Send::Gone => {
            let mut raw = Raw::connect(world.gateway.apps).await.expect("it listens");
            // The answer to the first request stays unread, so the end of the connection is a reset.
            let first = "OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n";
            let second = "GET /api/track/v1/details/1Z HTTP/1.1\r\nhost: localhost\r\n\r\n";
            raw.send(format!("{first}{second}")).await;
            let at_carrier = "waybill_requests_in_flight";
            eventually("the request is at the carrier", async || {
                world.metric(at_carrier).await == Some(1.0)
            })
            .await;
        }
    }
}

async fn failed(operator: &Operator) -> Vec<Value> {
    let listed = operator.get("requests?failed=true&limit=1000").await;
    listed.as_array().expect("a list").clone()
}

#[tokio::test]
async fn each_failed_request_is_one_line_and_can_be_found() {
    let world = World::start().await;
    world.shop().await.assert_rates();
    let operator = Operator::of(&world.gateway);
    let mut ids = Vec::new();
    for (number, (how, fault, expected)) in cases().into_iter().enumerate() {
        let fault = fault.map(|play| world.mock.add_fault(Fault::new(play)).unwrap());
        send(&world, how).await;
        let mut listed = Vec::new();
        eventually("the request is listed", async || {
            listed = failed(&operator).await;
            listed.len() > number
        })
        .await;
        drop(fault);
        assert_eq!(listed.len(), number + 1, "{expected}: {listed:#?}");
        assert_eq!(known(&listed[0]), expected, "{:#}", listed[0]);
        let id = listed[0]["id"].as_str().expect("an id").to_owned();
        let (cause, _) = expected.split_once(' ').expect("six words");
        ids.push((id, cause));
    }
    let mut lines: Vec<Value> = Vec::new();
    eventually("all lines", async || {
        lines = lines_of(&world.gateway.process.stderr());
        lines.len() >= ids.len()
    })
    .await;
    assert_eq!(lines.len(), ids.len(), "{lines:#?}");
    for (id, cause) in &ids {
        let mut about = lines.iter().filter(|line| line["id"] == **id);
        let line = about.next().expect(cause);
        assert!(about.next().is_none(), "{cause}: {lines:#?}");
        assert_eq!(line["cause"], *cause, "{line}");
        assert!(
            line["latency_us"].is_u64() && line["peer"].is_string(),
            "{line}"
        );
    }
    commands_show(&world, &ids).await;
}

/// The command line shows these failed requests, and with them the first request and the `OPTIONS` of the app that
/// is gone.
async fn commands_show(world: &World, ids: &[(String, &str)]) {
    let text = async |args: &[&str]| {
        let done = world.gateway.waybill("", args).await;
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        done.stdout
    };
    let (last, cause) = ids.last().expect("there are cases");
    let shown = text(&["requests", last]).await;
    assert!(shown.contains(last) && shown.contains(cause), "{shown}");
    let table = text(&["requests", "--failed"]).await;
    for (id, cause) in ids {
        assert!(
            table.contains(id) && table.contains(cause),
            "{cause}: {table}"
        );
    }
    let all: Value = serde_json::from_str(&text(&["requests", "--json"]).await).expect("JSON");
    let all = all.as_array().expect("a list");
    assert_eq!(all.len(), ids.len() + 2, "{all:#?}");
    let succeeded = |one: &Value| one["failure"].is_null() && one["account"] == "main";
    assert!(all.iter().any(succeeded), "{all:#?}");
}

/// The lines about failed requests.
fn lines_of(log: &str) -> Vec<Value> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &Value| line["target"] == "request" && !line["cause"].is_null())
        .collect()
}

/// The id in an answer leads to the reason for which there is no token.
#[tokio::test]
async fn request_without_a_token_is_shown_with_the_carriers_refusal() {
    let world = World::builder()
        .config(|config| config.client_secret = "wrong".into())
        .start()
        .await;
    let answer = world
        .shop_until("a refusal", |answer| answer.status() == 503)
        .await;
    let id = answer.field("waybill-request-id");
    let shown = world.gateway.waybill("", &["requests", id]).await.stdout;
    for part in [
        id,
        "operator",
        "credentials_rejected",
        "10401",
        "POST /api/rating/v2409/Shop",
        "main",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

/// Nobody can fill the log with bad requests, and what is left out is counted.
#[tokio::test]
async fn lines_about_failed_requests_are_bounded_and_counted() {
    const REQUESTS: usize = 1200;
    let mut world = World::start().await;
    for _ in 0..REQUESTS {
        let mut request = rate_request();
        request
            .headers_mut()
            .insert("waybill-key", "wrong".parse().unwrap());
        assert_eq!(world.app.send(request).await.status(), 401);
    }
    let listed = failed(&Operator::of(&world.gateway)).await;
    assert_eq!(listed.len(), 1000);
    world.gateway.process.signal("TERM");
    world.gateway.process.ended().await;
    let log = world.gateway.process.stderr();
    let written = lines_of(&log).len();
    let counts = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let left_out: u64 = counts.filter_map(|line| line["left_out"].as_u64()).sum();
    assert_eq!(written as u64 + left_out, REQUESTS as u64);
    // 100 at once and 10 a second; a slow machine takes some seconds.
    assert!((100..REQUESTS / 2).contains(&written), "{written}");
}

#[tokio::test]
async fn requests_are_filtered_by_app_account_and_outcome() {
    let app = "[[app]]\nname = \"shop\"\nkey = { value = \"shop-key\" }\naccounts = [\"main\"]\n";
    let world = World::builder().more(app).start().await;
    let mut of_app = rate_request();
    of_app
        .headers_mut()
        .insert("waybill-key", "shop-key".parse().unwrap());
    world.app.send(of_app).await.assert_rates();
    world.shop().await.assert_rates();
    let fault = Fault::error(500, "1", "no")
        .endpoint(Endpoint::Rating)
        .times(1);
    let _fault = world.mock.add_fault(fault).unwrap();
    let id = world.shop().await.field("waybill-request-id").to_owned();
    let operator = Operator::of(&world.gateway);
    for (query, count) in [
        ("", 3),
        ("?failed=true", 1),
        ("?failed=false", 3),
        ("?app=shop", 1),
        ("?app=shop&failed=true", 0),
        ("?account=main", 3),
        ("?account=other", 0),
        ("?limit=2", 2),
        ("?limit=0", 1),
        (&format!("?id={id}"), 1),
        ("?id=none", 0),
    ] {
        // A request is remembered when its answer is complete, which the client may see earlier.
        eventually(query, async || {
            let listed = operator.get(&format!("requests{query}")).await;
            listed
                .as_array()
                .is_some_and(|listed| listed.len() == count)
        })
        .await;
    }
}

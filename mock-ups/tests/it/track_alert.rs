//! A receiver of Track Alert, as a customer would write one: its own token endpoint, and a place for events.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mock_ups::{Endpoint, Filter, MockUps};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{get, post, token};

/// What the receiver has seen.
#[derive(Default)]
struct Seen {
    logins: AtomicU32,
    /// Events to refuse before one is taken.
    refusals: AtomicU32,
    events: Mutex<Vec<(HeaderMap, Value)>>,
}

impl Seen {
    fn events(&self) -> Vec<(HeaderMap, Value)> {
        self.events.lock().expect("not poisoned").clone()
    }

    async fn wait_for(&self, count: usize) -> Vec<(HeaderMap, Value)> {
        for _ in 0..200 {
            if self.events().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.events()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let (status, text) = match head.uri.path() {
            "/token" => {
                self.logins.fetch_add(1, Ordering::Relaxed);
                let is_known = head.headers["authorization"] == "Basic dXBzOnB1c2gtc2VjcmV0"
                    && body == "grant_type=client_credentials";
                match is_known {
                    true => (
                        200,
                        r#"{"access_token":"receiver-token","expires_in":3600}"#,
                    ),
                    false => (401, "{}"),
                }
            }
            _ if self.refusals.load(Ordering::Relaxed) > 0 => {
                self.refusals.fetch_sub(1, Ordering::Relaxed);
                (503, "busy")
            }
            _ => {
                let event = serde_json::from_slice(&body).expect("JSON");
                let mut events = self.events.lock().expect("not poisoned");
                events.push((head.headers, event));
                (200, "")
            }
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        response
    }
}

/// Starts a receiver; gives its origin.
async fn receiver(seen: &Arc<Seen>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::clone(seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            let service = service_fn(move |request| {
                let seen = Arc::clone(&seen);
                async move { Ok::<_, std::convert::Infallible>(seen.answer(request).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    origin
}

async fn started(origin: &str) -> MockUps {
    let ups = MockUps::builder()
        .frozen_at("2026-11-30T15:00:00Z".parse().expect("a time"))
        .settings(|settings| {
            settings.track_alert_destination = Some(format!("{origin}/events"));
            settings.track_alert_token_url = Some(format!("{origin}/token"));
            settings.track_alert_client_id = "ups".to_owned();
            settings.track_alert_client_secret = "push-secret".to_owned();
            settings.track_alert_retry_ms = 5;
        })
        .start();
    ups.await.unwrap()
}

async fn subscribe(ups: &MockUps, number: &str) {
    let base = ups.base_url();
    let body = json!({"locale": "en_US", "trackingNumberList": [number]});
    let url = format!("{base}/api/track/v2/subscription/standard/package");
    let call = post(url).bearer(&token(&base).await).json(&body);
    assert_eq!(call.send().await.status, 200);
}

#[tokio::test]
async fn events_arrive_as_the_clock_moves_with_a_token_of_the_receiver() {
    let seen = Arc::<Seen>::default();
    let ups = started(&receiver(&seen).await).await;
    subscribe(&ups, "1ZCIETST0111111114").await;
    let events = seen.wait_for(1).await;
    let (headers, event) = &events[0];
    assert_eq!(event["activityStatus"]["code"], "MP");
    assert_eq!(headers["authorization"], "Bearer receiver-token");
    assert_eq!(headers["x-api-key"], "mock-client");
    assert_eq!(headers["user-agent"], "UPSPubSubTrackingService");

    seen.refusals.store(2, Ordering::Relaxed);
    ups.advance(Duration::from_secs(3 * 86_400));
    let events = seen.wait_for(7).await;
    let codes: Vec<_> = events
        .iter()
        .map(|(_, event)| &event["activityStatus"]["code"])
        .collect();
    assert_eq!(
        codes,
        ["MP", "OR", "DP", "AR", "DS", "OT", "FS"],
        "in order, each once"
    );
    // An hour is over after three days, so there is a second login, and no third.
    assert_eq!(seen.logins.load(Ordering::Relaxed), 2);

    let pushes = Filter::any().endpoint(Endpoint::Push);
    ups.expect(pushes.clone().status(503))
        .exactly(2)
        .expect("two refusals");
    let journal = format!("{:?}", ups.journal(&pushes));
    assert!(
        !journal.contains("receiver-token") && !journal.contains("push-secret"),
        "{journal}"
    );
    ups.stop().await;
}

#[tokio::test]
async fn receiver_that_fails_is_in_the_journal_and_given_up() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let ups = started(&origin).await;
    ups.change_settings(|settings| {
        settings.track_alert_token_url = None;
        settings.track_alert_attempts = 3;
    });
    subscribe(&ups, "1ZCIETST0111111114").await;
    let pushes = Filter::any().endpoint(Endpoint::Push);
    for _ in 0..200 {
        if ups.journal(&pushes).len() >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let notes: Vec<_> = ups
        .journal(&pushes)
        .iter()
        .filter_map(|entry| entry.note)
        .collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].ends_with("will be tried again"), "{notes:?}");
    assert!(notes[2].starts_with("gave up"), "{notes:?}");
}

#[tokio::test]
async fn any_event_is_pushed_on_demand() {
    let seen = Arc::<Seen>::default();
    let ups = started(&receiver(&seen).await).await;
    let url = format!("{}/__mock/track-alert/events", ups.base_url());
    let ask = |body: Value| post(&url).json(&body).send();
    let known = json!({"tracking_number": "1ZA1B2C30300000001", "event": "exception"});
    assert_eq!(ask(known).await.status, 200);
    assert_eq!(ask(json!({"body": {"mine": true}})).await.status, 200);
    let events = seen.wait_for(2).await;
    assert_eq!(events[0].1["activityStatus"]["type"], "X");
    assert_eq!(events[1].1, json!({"mine": true}));
    for wrong in [
        json!({"tracking_number": "1Z", "event": "lost"}),
        json!({"event": "delivered"}),
        json!({"colour": 7}),
    ] {
        let answer = ask(wrong).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"].is_string());
    }
    subscribe(&ups, "1ZCIETST0422222228").await;
    let shown = get(format!("{}/__mock/track-alert", ups.base_url()))
        .send()
        .await
        .json();
    assert_eq!(shown["subscriptions"][0]["subject"], "1ZCIETST0422222228");
    assert!(shown["events"].to_string().contains("delivered"));
}

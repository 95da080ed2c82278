//! Requests as they come, by server-sent events.

use crate::{
    harness::PATIENCE,
    plane::{Managed, managed, token},
};
use gateway_api::{RequestFailureView, RequestQuery, RequestView};
use gateway_control::{Actor, ControlError, Publisher, RequestHistory, ServingState};
use gateway_model::{AccountId, Role, Secret};
use jiff::Timestamp;
use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// What a data plane remembers.
#[derive(Clone, Default)]
struct Remembered(Arc<Mutex<Vec<RequestView>>>);

impl Remembered {
    fn attach(managed: &Managed) -> Self {
        let remembered = Self::default();
        managed
            .control
            .attach(Arc::new(Nobody), Arc::new(remembered.clone()));
        remembered
    }

    /// A request ends, at a second.
    fn end(&self, id: &str, second: i64, path: &str, failed: bool) {
        let failure = failed.then(|| RequestFailureView {
            cause: "carrier_failed".to_owned(),
            fault: "carrier".to_owned(),
            carrier_status: Some(500),
            carrier_code: None,
            reason: None,
        });
        let request = RequestView {
            id: id.to_owned(),
            ended_at: Timestamp::from_second(second).expect("a time"),
            duration_us: 1,
            method: Some("GET".to_owned()),
            path: Some(path.to_owned()),
            status: Some(if failed { 500 } else { 200 }),
            route: None,
            carrier: None,
            environment: None,
            account: None,
            app: Some("shop".parse().expect("a name")),
            replayed: false,
            trace_id: None,
            failure,
        };
        self.0.lock().expect("no panic").push(request);
    }
}

impl RequestHistory for Remembered {
    fn recent(
        &self,
        query: RequestQuery,
        limit: usize,
    ) -> Pin<Box<dyn Future<Output = Vec<RequestView>> + Send + '_>> {
        let all = self.0.lock().expect("no panic").clone();
        let wanted = all.into_iter().rev().filter(move |request| {
            query.since.is_none_or(|since| request.ended_at > since)
                && (!query.failed || request.failure.is_some())
        });
        Box::pin(std::future::ready(wanted.take(limit).collect()))
    }
}

struct Nobody;

impl Publisher for Nobody {
    fn publish(&self, _: &ServingState, _: Option<&AccountId>) -> Result<(), ControlError> {
        Ok(())
    }
}

/// A listener.
struct Stream {
    stream: TcpStream,
    text: String,
}

impl Stream {
    async fn open(managed: &Managed, path: &str, fields: &str) -> Self {
        let mut stream = TcpStream::connect(managed.server.addr)
            .await
            .expect("it listens");
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:8081\r\n{fields}");
        // The end of the connection shows the end of the stream.
        let request = format!("{head}Connection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it reads");
        let text = String::new();
        let mut stream = Self { stream, text };
        stream.until("\r\n\r\n").await;
        stream
    }

    /// With an admin token, for programs.
    async fn of_token(managed: &Managed, token: &Secret, query: &str) -> Self {
        let fields = format!("Authorization: Bearer {}\r\n", token.expose());
        Self::open(managed, &format!("/api/v1/requests/live{query}"), &fields).await
    }

    /// Reads until something was received.
    async fn until(&mut self, what: &str) -> &str {
        while !self.text.contains(what) {
            assert!(self.read().await, "no {what:?} in {}", self.text);
        }
        &self.text
    }

    /// Reads to the end.
    async fn end(mut self) -> String {
        while self.read().await {}
        self.text
    }

    async fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let read = timeout(PATIENCE, self.stream.read(&mut chunk)).await;
        let read = read.expect("it goes on").unwrap_or_default();
        self.text.push_str(&String::from_utf8_lossy(&chunk[..read]));
        read > 0
    }
}

#[tokio::test]
async fn new_requests_come_as_events_each_once() {
    let managed = managed().await;
    let remembered = Remembered::attach(&managed);
    remembered.end("before", 999, "/before", false);
    let mut all = Stream::of_token(&managed, &managed.read_only, "").await;
    assert!(all.text.starts_with("HTTP/1.1 200") && all.text.contains("text/event-stream"));
    let query = "?failed=true&app=shop";
    let mut failed = Stream::of_token(&managed, &managed.admin, query).await;
    remembered.end("one", 1_001, "/one", false);
    remembered.end("two", 1_002, "/two", true);
    let text = all.until("/two").await;
    assert!(text.contains("event: request"), "{text}");
    assert!(text.contains("id: 1970-01-01T00:16:42Z"), "{text}");
    assert!(text.find("/one") < text.find("/two"), "{text}");
    remembered.end("three", 1_003, "/three", false);
    let text = all.until("/three").await;
    assert_eq!(text.matches("\"/two\"").count(), 1, "{text}");
    assert!(!text.contains("/before"), "{text}");
    remembered.end("four", 1_004, "/four", true);
    let text = failed.until("/four").await;
    assert!(text.contains("/two") && !text.contains("/one"), "{text}");

    // Who comes again begins where it was.
    let fields = format!(
        "Authorization: Bearer {}\r\nLast-Event-ID: 1970-01-01T00:16:42Z\r\n",
        managed.admin.expose()
    );
    let mut again = Stream::open(&managed, "/api/v1/requests/live", &fields).await;
    let text = again.until("/four").await;
    assert!(text.find("/three") < text.find("/four"), "{text}");
    assert!(!text.contains("/two"), "{text}");
}

#[tokio::test]
async fn stream_ends_with_the_token_and_at_the_end_of_the_gateway() {
    let managed = managed().await;
    Remembered::attach(&managed);
    let extra = token(&managed.control, "extra", Role::ReadOnly).await;
    let of_extra = Stream::of_token(&managed, &extra, "").await;
    let of_admin = Stream::of_token(&managed, &managed.admin, "").await;
    let gateway = Actor::gateway();
    (managed.control.remove_admin_token(&gateway, "extra").await).expect("it is there");
    let text = of_extra.end().await;
    assert!(
        text.contains("event: end") && text.contains("sign in again"),
        "{text}"
    );
    // A reload as well as the end: the browser connects again, perhaps to another process.
    let Managed { server, .. } = managed;
    let _ = server.stop.send(());
    let text = of_admin.end().await;
    assert!(!text.contains("event: end"), "{text}");
    timeout(PATIENCE, server.running)
        .await
        .expect("it ends")
        .expect("without a panic");
}

#[tokio::test]
async fn listeners_are_bounded() {
    let managed = managed().await;
    Remembered::attach(&managed);
    let mut streams = Vec::new();
    for _ in 0..16 {
        managed.server.clock.advance(Duration::from_secs(10));
        streams.push(Stream::of_token(&managed, &managed.admin, "").await);
    }
    let refused = Stream::of_token(&managed, &managed.admin, "").await;
    assert!(refused.text.starts_with("HTTP/1.1 429"), "{}", refused.text);
    drop(streams);
    let again = async {
        loop {
            let stream = Stream::of_token(&managed, &managed.admin, "").await;
            if stream.text.starts_with("HTTP/1.1 200") {
                break;
            }
            // The gateway notices only when it writes next that somebody has gone.
            managed.server.clock.advance(Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE * 2, again)
        .await
        .expect("places are free again");
}

#[tokio::test]
async fn page_gets_rows_whose_text_is_escaped_until_its_session_ends() {
    let managed = managed().await;
    let remembered = Remembered::attach(&managed);
    let fields = [
        ("Host", "localhost:8081"),
        ("Origin", "http://localhost:8081"),
    ];
    let form = format!("token={}", managed.admin.expose());
    let server = &managed.server;
    let reply = server.exchange("POST", "/ui/sign-in", &fields, &form).await;
    let cookie = reply.field("set-cookie").expect("a cookie");
    let cookie = cookie.split(';').next().expect("a value");
    let fields = format!("Cookie: {cookie}\r\n");
    let path = "/ui/requests/live?app=shop&since=1970-01-01T00:16:40Z";
    remembered.end("zero", 1_001, "/zero", false);
    let mut rows = Stream::open(&managed, path, &fields).await;
    let mut plots = Stream::open(&managed, "/ui/requests/live?overview=true", &fields).await;
    remembered.end("one", 1_002, "/<img src=x>", true);
    let text = rows.until("/ui/requests/one").await;
    assert!(
        text.contains("event: row") && text.contains("/zero"),
        "{text}"
    );
    assert!(
        text.contains("&#60;img") && !text.contains("<img"),
        "{text}"
    );
    assert!(rows.until("event: plot").await.contains("<svg"));
    let text = plots.until("event: plot").await;
    assert!(text.contains("/ui/requests/one"), "a failed one: {text}");
    assert!(!text.contains("/zero"), "only failed ones: {text}");
    // Listening keeps no session alive.
    managed.server.clock.advance(Duration::from_secs(3 * 3_600));
    let text = rows.end().await;
    assert!(text.contains("the session is over"), "{text}");
    let refused = Stream::open(&managed, path, &fields).await;
    assert!(refused.text.starts_with("HTTP/1.1 303"), "{}", refused.text);
}

#[tokio::test]
async fn doctor_tells_its_results_as_they_come() {
    let managed = managed().await;
    let fields = [
        ("Host", "localhost:8081"),
        ("Origin", "http://localhost:8081"),
    ];
    let server = &managed.server;
    let form = format!("token={}", managed.admin.expose());
    let reply = server.exchange("POST", "/ui/sign-in", &fields, &form).await;
    let cookie = reply.field("set-cookie").expect("a cookie");
    let cookie = cookie.split(';').next().expect("a value");
    let with_cookie = [fields[0], fields[1], ("Cookie", cookie)];
    let page = server.exchange("GET", "/ui/doctor", &with_cookie, "").await;
    assert!(page.body.contains("data-live-form"), "{}", page.body);
    let (_, rest) = page
        .body
        .split_once("name=\"csrf\" value=\"")
        .expect("a form");
    let form = format!("csrf={}&account=", rest.split('"').next().expect("an end"));
    let accepting = [
        fields[0],
        fields[1],
        ("Cookie", cookie),
        ("Accept", "text/event-stream"),
    ];
    let news = server
        .exchange("POST", "/ui/doctor", &accepting, &form)
        .await;
    assert_eq!(news.status, 200, "{}", news.body);
    assert!(news.body.contains("event: row"), "{}", news.body);
    let (_, last) = news.body.rsplit_once("event: page").expect("a page");
    assert!(last.contains("Result: "), "{last}");
    // Without a script the page is as before.
    let whole = server
        .exchange("POST", "/ui/doctor", &with_cookie, &form)
        .await;
    assert!(whole.body.contains("Result: ") && whole.body.contains("<h1>"));
}

//! A program that is told.

use super::{DAY, MINUTE, WRONG, add_refused, remind, renew};
use crate::world::World;
use gateway_control::Webhook;
use gateway_model::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

const KEY: &str = "planted-webhook-key";

/// One call as it arrived.
#[derive(Clone, Debug)]
struct Call {
    head: String,
    fields: BTreeMap<String, String>,
    body: String,
}

/// A receiver that answers with these statuses, the last one again and again.
struct Receiver {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Receiver {
    async fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let count = seen.lock().expect("nobody panicked").len();
                let answer = answers[count.min(answers.len() - 1)];
                let call = serve(stream, answer).await;
                seen.lock().expect("nobody panicked").push(call);
            }
        });
        Self { address, calls }
    }

    /// A world that tells this receiver.
    async fn world(&self) -> World {
        world(&format!("http://{}/hook?key=planted-path", self.address)).await
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("nobody panicked").clone()
    }
}

async fn world(url: &str) -> World {
    World::frozen(|settings| {
        settings.reminders.webhook = Some(Webhook {
            url: Secret::new(url.to_owned()),
            secret: Secret::new(KEY.to_owned()),
        });
    })
    .await
}

async fn serve(stream: TcpStream, answer: &str) -> Call {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    stream.read_line(&mut head).await.expect("a request line");
    let mut fields = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a field");
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = fields["content-length"].parse().expect("a length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a body");
    let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
    stream
        .write_all(answer.as_bytes())
        .await
        .expect("it is taken");
    Call {
        head,
        fields,
        body: String::from_utf8(body).expect("text"),
    }
}

/// As `docs/reminders.md` tells receivers to check.
fn is_signed(call: &Call) -> bool {
    let signature = &call.fields["waybill-signature"];
    let parts: BTreeMap<&str, &str> = signature
        .split(',')
        .filter_map(|part| part.split_once('='))
        .collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("a key");
    mac.update(format!("{}.{}", parts["t"], call.body).as_bytes());
    let digest = mac.finalize().into_bytes();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    parts["v1"] == digest
}

#[tokio::test(flavor = "multi_thread")]
async fn call_that_fails_is_made_again_until_it_is_taken_once() {
    let answers = &["503 Later", "500 Oops", "204 Taken"];
    let receiver = Receiver::start(answers).await;
    let world = receiver.world().await;
    add_refused(&world, "main").await;
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 1);
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 1, "it rests after a failure");
    // What is not delivered yet outlives the process.
    let world = world.restarted().await;
    renew(&world, "main").await;
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 2);
    world.pass(MINUTE);
    for _ in 0..3 {
        remind(&world).await;
        world.pass(MINUTE * 90);
    }
    let world = world.restarted().await;
    remind(&world).await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 3, "taken once");
    assert!(calls.iter().all(is_signed), "{calls:#?}");
    assert!(
        calls[0]
            .head
            .starts_with("POST /hook?key=planted-path HTTP/1.1")
    );
    let ids: Vec<_> = calls
        .iter()
        .map(|call| &call.fields["waybill-event-id"])
        .collect();
    assert!(
        ids[0].len() == 32 && ids[0] == ids[1] && ids[1] == ids[2],
        "{ids:?}"
    );

    let body: Value = serde_json::from_str(&calls[2].body).expect("JSON");
    assert_eq!(body["version"], 1);
    assert_eq!(body["id"], **ids[0]);
    assert_eq!(body["account"], "main");
    assert_eq!(body["carrier"], "ups");
    assert_eq!(body["environment"], "test");
    assert_eq!(body["kind"], "refused");
    assert_eq!(body["at"], "2026-03-02T08:00:00Z");
    assert_eq!(body["day"], "2026-03-02");
    assert_eq!(body["ends_at"], Value::Null);
    assert_eq!(body["fix"], "waybill account rotate-secret main");
    assert_eq!(body["admin"], "http://127.0.0.1:8081");
    let notice = world.control.notices().await.unwrap().remove(0);
    assert_eq!(body["message"], notice.message);
    for call in &calls {
        for planted in [WRONG, KEY, "planted-path"] {
            assert!(!call.body.contains(planted), "{planted} in {}", call.body);
        }
    }

    // The next day it is said again, as another event.
    world.pass(DAY);
    renew(&world, "main").await;
    remind(&world).await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 4);
    assert_ne!(
        calls[3].fields["waybill-event-id"],
        calls[0].fields["waybill-event-id"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_is_not_followed_and_holds_up_no_other_notice() {
    let other = Receiver::start(&["204 Taken"]).await;
    let answer = format!("302 Found\r\nlocation: http://{}/", other.address);
    let answers: &'static [&'static str] = Box::leak(Box::new([&*answer.leak(), "204 Taken"]));
    let receiver = Receiver::start(answers).await;
    let world = receiver.world().await;
    for name in ["one", "two"] {
        add_refused(&world, name).await;
    }
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 2);
    let open = world.store.notices(true).await.unwrap();
    let taken: Vec<_> = open
        .iter()
        .filter(|notice| notice.webhook_at.is_some())
        .collect();
    assert_eq!((open.len(), taken.len()), (2, 1));
    world.pass(MINUTE);
    remind(&world).await;
    assert_eq!((receiver.calls().len(), other.calls().len()), (3, 0));
}

/// The receiver fails for one account only: every other notice is delivered in the same round, and
/// notices that are made while it rests do not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn notice_that_fails_holds_up_no_other_notice() {
    let receiver = Receiver::start(&["500 Oops", "204 Taken"]).await;
    let world = receiver.world().await;
    for name in ["one", "two", "three"] {
        add_refused(&world, name).await;
    }
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 3);
    add_refused(&world, "four").await;
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 4, "only the new one");
    world.pass(MINUTE);
    remind(&world).await;
    assert_eq!(receiver.calls().len(), 5, "the first one again");
    let open = world.store.notices(true).await.unwrap();
    assert!(open.iter().all(|notice| notice.webhook_at.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn receiver_that_is_not_there_holds_nothing_up() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", nobody.local_addr().expect("an address"));
    drop(nobody);
    let world = world(&url).await;
    add_refused(&world, "main").await;
    assert_eq!(remind(&world).await.len(), 1);
    assert_eq!(world.store.notices(true).await.unwrap()[0].webhook_at, None);
}

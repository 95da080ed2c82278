//! `waybill serve --take-over`, with something amiss: the running gateway serves on and renews on.

use super::hand_over::{asked, durable};
use serde_json::{Value, json};
use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tests::{World, eventually, soon};
use tokio::{
    io::AsyncWriteExt as _,
    net::{UnixListener, UnixStream},
};

/// Where a gateway hears of processes that want to take over.
fn socket(folder: &Path) -> PathBuf {
    folder.join("waybill-admin.token.take-over")
}

/// The running gateway serves, has its store, and renews.
async fn assert_in_charge(world: &World) {
    world.shop().await.assert_rates();
    let before = asked(world);
    eventually("the gateway renews", async || {
        let done = world.gateway.waybill("", &["token", "renew", "main"]).await;
        done.code == Some(0)
    })
    .await;
    assert!(asked(world) > before);
    world.shop().await.assert_rates();
}

/// A process of the test's own that speaks to a gateway.
struct Peer {
    stream: UnixStream,
    read: Vec<u8>,
}

impl Peer {
    async fn connect(folder: &Path) -> Self {
        let stream = UnixStream::connect(socket(folder)).await;
        Self::new(stream.expect("a gateway listens"))
    }

    fn new(stream: UnixStream) -> Self {
        let read = Vec::new();
        Self { stream, read }
    }

    async fn say(&mut self, message: Value) {
        let line = format!("{message}\n");
        let sent = self.stream.write_all(line.as_bytes()).await;
        sent.expect("the gateway reads");
    }

    /// The next message, without its descriptor; null at the end.
    async fn hear(&mut self) -> Value {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return serde_json::from_slice(&line).expect("a message is JSON");
            }
            // By itself, tokio takes a short read for the last one, but reads end at each descriptor.
            let readable = soon("a message", self.stream.readable()).await;
            readable.expect("the stream is open");
            match self.stream.try_read_buf(&mut self.read) {
                Ok(0) => return Value::Null,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Value::Null,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Says what a program with this schema would say.
    async fn greet(&mut self, folder: &Path, schema: i64) -> Value {
        let database = fs::metadata(folder.join("waybill.db")).expect("the store");
        let store = format!("sqlite {}:{}", database.dev(), database.ino());
        let hello = json!({"protocol": 1, "version": "0", "schema": schema, "store": store});
        self.say(json!({"hello": hello})).await;
        self.hear().await
    }
}

/// A process that the gateway lets take over.
async fn welcome(folder: &Path) -> Peer {
    let why = Peer::connect(folder).await.greet(folder, 0).await;
    let why = why["refused"]["why"].as_str().expect("refused").to_owned();
    assert!(why.contains("tables of the store"), "{why}");
    // It names the right one.
    let (_, numbers) = why.split_once("store (").expect("its schema");
    let schema = numbers.split(' ').next().and_then(|text| text.parse().ok());
    let mut peer = Peer::connect(folder).await;
    assert_eq!(
        peer.greet(folder, schema.expect("a number")).await,
        "welcome"
    );
    peer
}

#[tokio::test]
async fn mistake_in_the_new_configuration_changes_nothing() {
    let world = durable().start().await;
    world.shop().await.assert_rates();
    let folder = world.gateway.process.folder();
    let good = fs::read_to_string(folder.join("waybill.toml")).unwrap();
    // One that the configuration shows, one that the files show, and one that only the store shows.
    let broken = [
        ("[listen]", "[listen]\nnonsense = 1", 2, "nonsense"),
        ("dir = \"plugins\"", "dir = \"nowhere\"", 1, "nowhere"),
        ("dir = \"plugins\"", "dir = \"refused\"", 1, "ups.so"),
        (
            "[store]\n",
            "[store]\nmaster_key = { file = \"other.key\" }\n",
            1,
            "key",
        ),
    ];
    let refused = folder.join("refused");
    fs::create_dir(&refused).unwrap();
    fs::write(refused.join("ups.so"), "no library").unwrap();
    fs::write(folder.join("other.key"), [b'k'; 32]).unwrap();
    fs::set_permissions(folder.join("other.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let file = folder.join("new.toml");
    fs::copy(folder.join("waybill.toml"), &file).unwrap();
    for (from, to, code, word) in broken {
        assert!(good.contains(from));
        fs::write(&file, good.replacen(from, to, 1)).unwrap();
        let mut successor = world.gateway.successor("new.toml");
        let status = successor.ended().await;
        assert_eq!(status.code(), Some(code), "{word}: {}", successor.output());
        assert!(successor.output().contains(word), "{}", successor.output());
        assert_in_charge(&world).await;
    }
}

#[tokio::test]
async fn new_process_that_dies_with_the_listeners_leaves_everything_to_the_old_one() {
    let world = durable().start().await;
    world.shop().await.assert_rates();
    let folder = world.gateway.process.folder();
    let mut successor = welcome(&folder).await;
    successor.say(json!("release")).await;
    let mut sockets = 0;
    loop {
        let message = successor.hear().await;
        if message == "released" {
            break;
        }
        if message["socket"].is_object() {
            sockets += 1;
        } else {
            assert_eq!(message, "admin_socket");
        }
    }
    assert_eq!(sockets, 1, "one worker");
    // Nobody has the store: requests are served with the token in memory.
    world.shop().await.assert_rates();
    drop(successor);
    assert_in_charge(&world).await;
    // And another one may take over then.
    let mut world = world;
    let _old = world.gateway.take_over().await;
    assert_in_charge(&world).await;
}

#[tokio::test]
async fn second_process_is_told_to_wait() {
    let world = durable().start().await;
    let folder = world.gateway.process.folder();
    let first = welcome(&folder).await;
    let mut second = world.gateway.successor("waybill.toml");
    assert_eq!(second.ended().await.code(), Some(1));
    let output = second.output();
    assert!(output.contains("another process takes over"), "{output}");
    drop(first);
    assert_in_charge(&world).await;
}

#[tokio::test]
async fn process_of_another_store_is_refused() {
    let world = durable().start().await;
    let folder = world.gateway.process.folder();
    let text = fs::read_to_string(folder.join("waybill.toml")).unwrap();
    let other = text.replace("sqlite://waybill.db", "sqlite://other.db");
    let file = folder.join("other.toml");
    fs::copy(folder.join("waybill.toml"), &file).unwrap();
    fs::write(&file, other).unwrap();
    let mut successor = world.gateway.successor("other.toml");
    assert_eq!(successor.ended().await.code(), Some(1));
    let output = successor.output();
    assert!(output.contains("another store"), "{output}");
    assert!(!folder.join("other.db").exists());
    assert_in_charge(&world).await;
}

#[tokio::test]
async fn socket_that_others_may_use_is_refused() {
    let world = durable().start().await;
    let socket = socket(&world.gateway.process.folder());
    let mode = fs::metadata(&socket).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let mut successor = world.gateway.successor("waybill.toml");
    assert_eq!(successor.ended().await.code(), Some(1));
    let output = successor.output();
    assert!(output.contains("others may use it"), "{output}");
    assert_in_charge(&world).await;
}

/// A test's own process plays the running gateway, which dies in the middle.
#[tokio::test]
async fn old_process_that_dies_in_the_middle_is_replaced() {
    let mut world = durable().start().await;
    world.shop().await.assert_rates();
    world.gateway.process.signal("KILL");
    world.gateway.process.ended().await;
    let path = socket(&world.gateway.process.folder());
    fs::remove_file(&path).expect("a killed gateway leaves it");
    let old = UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut successor = world.gateway.successor("waybill.toml");
    let mut peer = Peer::new(old.accept().await.unwrap().0);
    assert!(peer.hear().await["hello"].is_object());
    peer.say(json!("welcome")).await;
    assert_eq!(peer.hear().await, "release");
    drop((peer, old));
    let apps = successor.line("apps listening on http://").await;
    world.app = tests::Client::new(apps.parse().unwrap());
    world.shop().await.assert_rates();
}

/// A stop of the service is a stop, also in the middle of a hand-over.
#[tokio::test]
async fn stop_in_the_middle_of_a_hand_over_ends_the_gateway() {
    let mut world = durable().start().await;
    world.shop().await.assert_rates();
    let mut successor = welcome(&world.gateway.process.folder()).await;
    successor.say(json!("release")).await;
    while successor.hear().await != "released" {}
    world.gateway.process.signal("TERM");
    let status = world.gateway.process.ended().await;
    assert_eq!(status.code(), Some(0), "{}", world.gateway.process.output());
    assert_eq!(successor.hear().await, Value::Null);
}

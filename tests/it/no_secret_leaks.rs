//! Planted secrets appear nowhere in what the program wrote or answered.

use crate::every_command::{Said, say_everything};
use bytes::Bytes;
use http::Request;
use std::path::Path;
use tests::{Client, ConfigFile, Gateway, MERCHANT, Operator, World, eventually, rate_request};

const PLANTED: &str = "planted-8f1c";

#[tokio::test]
async fn planted_secrets_appear_in_no_output() {
    let world = World::builder()
        .config(|config| config.trust_loopback = false)
        .more(
            r#"
[log]
access_log = true

[[app]]
name = "shop"
client_id = "shop"
client_secret = { value = "planted-8f1c-app-secret" }
key = { value = "planted-8f1c-app-key" }
accounts = ["main"]
"#,
        )
        .start()
        .await;
    let mut answers = String::new();
    let mut ask = async |name: &'static str, value: &str| {
        let mut request = rate_request();
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = world.app.send(request).await;
        answers.push_str(&format!("{:?}{}", answer.headers(), answer.text()));
        answer
    };
    ask("waybill-key", "planted-8f1c-app-key")
        .await
        .assert_rates();
    ask("waybill-key", "planted-8f1c-wrong").await;
    ask("authorization", "Bearer planted-8f1c-wrong").await;
    world.mock.revoke_all();
    ask("waybill-key", "planted-8f1c-app-key")
        .await
        .assert_rates();
    let malformed =
        Request::post("/security/v1/oauth/token").header("authorization", "Basic planted-8f1c");
    answers.push_str(
        world
            .app
            .send(malformed.body(Bytes::new()).unwrap())
            .await
            .text(),
    );
    answers.push_str(&remembered(&world).await);
    for path in ["/metrics", "/readyz", "/healthz", "/planted-none"] {
        let answer = world.admin.get(path).await;
        answers.push_str(&answer.text().replace("planted-none", ""));
    }
    let output = world.gateway.process.output();
    assert!(
        output.contains("POST"),
        "the access log is on, so the search sees something:\n{output}"
    );
    for (place, text) in [("output", &output), ("answers", &answers)] {
        assert!(
            !text.contains(PLANTED),
            "a planted secret is in the {place}:\n{text}"
        );
        assert!(
            !text.contains("mock-secret"),
            "the client secret is in the {place}:\n{text}"
        );
        // Every access token is a JWT; so are the gateway's own.
        assert!(!text.contains("eyJ"), "a token is in the {place}:\n{text}");
    }
}

/// What the gateway remembers of all requests, also of some with secrets in odd places.
async fn remembered(world: &World) -> String {
    for target in [
        "/api/rating/v2409/Shop?key=planted-8f1c",
        "/api/track/v1/details/1Z;key=planted-8f1c",
        "/oauth/v1/token%3Fclient_secret=planted-8f1c",
        "/security/v1/oauth/token%253bplanted-8f1c",
    ] {
        let request = Request::post(target).header("cookie", "planted-8f1c");
        let request = request.body(Bytes::from("planted-8f1c"));
        let request = request.expect("its parts are fixed");
        world.app.send(request).await;
    }
    let remembered = Operator::of(&world.gateway).get("requests").await;
    assert!(
        remembered.as_array().is_some_and(|all| all.len() > 7),
        "{remembered}"
    );
    remembered.to_string()
}

/// Somebody will look at a refused client secret: it must not be in what they see.
#[tokio::test]
async fn rejected_client_secret_is_not_in_the_error() {
    let mock = mock_ups::MockUps::start().await.unwrap();
    let mut config = ConfigFile::for_mock(mock.base_url());
    config.client_secret = "planted-8f1c-client-secret".into();
    let gateway = Gateway::start(&config).await;
    let answer = Client::new(gateway.apps).send(rate_request()).await;
    assert_eq!(
        answer.field("waybill-error"),
        "credentials_rejected",
        "{}",
        answer.text()
    );
    // The carrier's code is what the operator needs; lines are written in the background.
    eventually("10401 in the log", async || {
        gateway.process.output().contains("10401")
    })
    .await;
    let output = gateway.process.output();
    assert!(!output.contains(PLANTED) && !answer.text().contains(PLANTED));
}

const CLIENT_SECRET: &str = "planted-8f1c-client-secret";
const PASSPHRASE: &str = "planted-8f1c-passphrase";
/// Files that are there to hold a secret, for their owner only.
const KEEPERS: [&str; 4] = [
    "waybill.toml",
    "passphrase",
    "waybill-admin.token",
    "plugins",
];
/// Longer than anything but a carrier's token: those have 156 characters and more.
const TOKEN: usize = 120;

/// Whatever the command line and the admin API are asked, nothing that is written, kept or
/// shown to other users of the machine holds a secret.
#[tokio::test]
async fn administration_leaves_no_secret_anywhere() {
    let config = r#"
[log]
access_log = true

[store]
url = "sqlite://waybill.db"

[[app]]
name = "erp"
client_id = "erp"
client_secret = { value = "planted-8f1c-app-secret" }
legacy_keys = [{ value = "planted-8f1c-access-key" }]
accounts = ["main"]
"#;
    let world = World::builder()
        .config_for(|mock, config| {
            assert!(mock.set_client_secret("mock-client", CLIENT_SECRET));
            config.client_secret = CLIENT_SECRET.into();
        })
        .more(config)
        .start()
        .await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    let Said {
        text: mut said,
        shown_once,
    } = say_everything(&world, CLIENT_SECRET, PASSPHRASE).await;

    // A login, with tokens in the store.
    let operator = Operator::of(&world.gateway);
    let redirected = operator.sign_in(&world.mock, "person2", MERCHANT).await;
    let (_, code) = redirected.split_once("code=").expect("a code");
    let code = code.split('&').next().expect("a value").to_owned();
    let paste = ["account", "paste", "person2"];
    for expected in [0, 5] {
        let done = world.gateway.waybill(&redirected, &paste).await;
        assert_eq!(done.code, Some(expected), "{}", done.stderr);
        said.push_str(&done.stdout);
        said.push_str(&done.stderr);
    }
    for path in [
        "accounts",
        "accounts/person2/token",
        "apps",
        "admin-tokens",
        "audit",
        "status",
    ] {
        said.push_str(&operator.get(path).await.to_string());
    }
    let pid = world.gateway.process.pid();
    for file in ["cmdline", "environ"] {
        let shown = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        said.push_str(&String::from_utf8_lossy(&shown));
    }
    let folder = world.gateway.process.folder();
    let admin = std::fs::read_to_string(folder.join("waybill-admin.token")).expect("it is there");
    let mut secrets = vec![PLANTED, admin.trim(), &code];
    secrets.extend(shown_once.iter().map(String::as_str));
    search("what was said", said.as_bytes(), &secrets);
    search_files(&folder, &secrets);
    assert!(holds_token(&[b'x'; TOKEN]) && !holds_token(&[b'x'; TOKEN - 1]));
    modes(&folder);
}

fn search_files(folder: &Path, secrets: &[&str]) {
    let mut searched = Vec::new();
    for entry in std::fs::read_dir(folder)
        .expect("the test owns the folder")
        .flatten()
    {
        let name = entry.file_name().into_string().expect("text");
        // The only folder beside the plugins' is their cache.
        if !KEEPERS.contains(&&*name) && entry.path().is_file() {
            search(
                &name,
                &std::fs::read(entry.path()).expect("the test owns the folder"),
                secrets,
            );
            searched.push(name);
        }
    }
    for name in [
        "waybill.db",
        "waybill.db-wal",
        "waybill.db.rescue",
        "backup1.wb",
        "stderr",
    ] {
        assert!(
            searched.contains(&name.to_owned()),
            "{name} was not there: {searched:?}"
        );
    }
}

#[track_caller]
fn search(place: &str, bytes: &[u8], secrets: &[&str]) {
    for secret in secrets {
        let found = memchr::memmem::find(bytes, secret.as_bytes());
        let around = found.map(|at| {
            let end = bytes.len().min(at + 80);
            String::from_utf8_lossy(&bytes[at.saturating_sub(120)..end]).into_owned()
        });
        assert_eq!(around, None, "a secret is in {place}");
    }
    assert!(!holds_token(bytes), "a token is in {place}");
}

/// Whether there is a text as long as a token.
fn holds_token(bytes: &[u8]) -> bool {
    let of_token = |b: &u8| b.is_ascii_alphanumeric() || b"-_.+/=".contains(b);
    let mut runs = bytes.split(|b| !of_token(b));
    runs.any(|run| run.len() >= TOKEN)
}

/// What holds a secret is its owner's.
fn modes(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for name in [
        "waybill.db",
        "waybill.db-wal",
        "waybill.db.rescue",
        "waybill.key",
        "backup1.wb",
    ] {
        let found = folder.join(name).metadata();
        let mode = found.expect(name).permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

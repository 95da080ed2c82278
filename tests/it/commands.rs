//! The command line beside a running gateway: what an operator types, and what it says.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};
use tests::{Client, MERCHANT, OTHER, Operator, World, approve, eventually, local, programs};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

async fn world() -> World {
    let world = World::builder().more(STORE).start().await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    world
}

/// Runs a command in the gateway's folder; `input` is its standard input.
fn waybill(world: &World, input: &str, args: &[&str]) -> Output {
    let mut child = Command::new(&programs().waybill)
        .args(args)
        .current_dir(world.gateway.process.folder())
        .env_clear()
        .env("TZ", "UTC")
        .env(
            "WAYBILL_ADMIN_URL",
            format!("http://{}", world.gateway.admin),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    let mut stdin = child.stdin.take().expect("piped");
    // A command that does not read its input may have ended.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

/// What it wrote to both, if it ended so.
#[track_caller]
fn exits(world: &World, code: i32, input: &str, args: &[&str]) -> (String, String) {
    let output = waybill(world, input, args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}\n{err}");
    for secret in ["mock-secret", "wrong-secret"] {
        assert!(
            !out.contains(secret) && !err.contains(secret),
            "{args:?}\n{out}\n{err}"
        );
    }
    (out, err)
}

const ADD: [&str; 9] = [
    "account",
    "add",
    "second",
    "--env",
    "test",
    "--number",
    "A1B2C3",
    "--client-id",
    "mock-client",
];

fn add(more: &[&'static str]) -> Vec<&'static str> {
    [&ADD[..], more].concat()
}

/// The web shipping client's story: name, number, secret, and it is ready to rate.
#[tokio::test(flavor = "multi_thread")]
async fn added_account_is_ready_to_rate_at_once() {
    let world = world().await;
    let (out, err) = exits(&world, 0, "mock-secret\n", &add(&["--secret-stdin"]));
    assert!(out.contains("state           ready"), "{out}");
    assert!(!err.contains("in memory"), "{err}");
    let (out, _) = exits(&world, 0, "", &["account", "probe", "second"]);
    assert!(out.contains("accepted          yes"), "{out}");
    let (out, _) = exits(&world, 0, "", &["token", "show", "second"]);
    assert!(
        out.contains("usable        yes") && out.contains(" UTC"),
        "{out}"
    );
    let (_, err) = exits(&world, 5, "mock-secret", &add(&["--secret-stdin"]));
    assert!(err.contains("second"), "{err}");
    exits(&world, 0, "", &["account", "deactivate", "second"]);
    let (out, _) = exits(&world, 0, "", &["account", "show", "second"]);
    assert!(out.contains("state           inactive"), "{out}");
    exits(&world, 0, "", &["account", "activate", "second"]);
    // Standard input is no terminal here.
    let (_, err) = exits(&world, 2, "", &["account", "remove", "second"]);
    assert!(err.contains("use --yes"), "{err}");
    exits(&world, 0, "", &["account", "remove", "second", "--yes"]);
    exits(&world, 5, "", &["account", "show", "second"]);
}

/// A wrong secret is known at once, not with the first parcel; the right one mends it.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_secret_is_told_at_once_and_can_be_replaced() {
    let world = world().await;
    let (out, err) = exits(&world, 3, "wrong-secret", &add(&["--secret-stdin"]));
    assert!(!out.contains("state           ready"), "{out}");
    assert!(err.contains("it gets no token"), "{err}");
    let rotate = ["account", "rotate-secret", "second", "--secret-stdin"];
    let (out, err) = exits(&world, 0, "mock-secret", &rotate);
    assert!(out.contains("state           ready"), "{out}");
    assert!(
        !err.contains("notice: "),
        "what is mended needs nobody: {err}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn account_in_a_store_in_memory_is_said_to_go_with_the_gateway() {
    let world = World::start().await;
    let (_, err) = exits(&world, 0, "mock-secret", &add(&["--secret-stdin"]));
    assert!(
        err.contains("gone when the gateway stops") && err.contains("[store]"),
        "{err}"
    );
}

const BY_SIGN_IN: [&str; 3] = ["--grant", "authorization-code", "--secret-stdin"];

/// As on a server without a browser: the address is printed, and the last one pasted.
#[tokio::test(flavor = "multi_thread")]
async fn sign_in_is_finished_by_a_pasted_address() {
    let world = world().await;
    let (_, err) = exits(&world, 0, "mock-secret", &add(&BY_SIGN_IN));
    assert!(err.contains("waybill account authorize second"), "{err}");
    let (out, _) = exits(
        &world,
        0,
        "",
        &["account", "authorize", "second", "--no-wait"],
    );
    let redirect = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(
        out.contains(&redirect) && out.contains("waybill account paste second"),
        "{out}"
    );
    let operator = Operator::of(&world.gateway);
    let redirected = operator.sign_in(&world.mock, "second", MERCHANT).await;
    let (_, err) = exits(
        &world,
        5,
        "https://nonsense.example/",
        &["account", "paste", "second"],
    );
    assert!(err.contains("what to do: "), "{err}");
    let (out, _) = exits(&world, 0, &redirected, &["account", "paste", "second"]);
    assert!(out.contains("signed in, and proven"), "{out}");
    let (_, err) = exits(&world, 5, &redirected, &["account", "paste", "second"]);
    assert!(err.contains("finished already"), "{err}");
    let (out, _) = exits(&world, 0, "", &["token", "show", "second"]);
    assert!(
        out.contains("refresh token") && out.contains("  signed in"),
        "{out}"
    );
}

/// A login that does not own the number is refused, with the way out.
#[tokio::test(flavor = "multi_thread")]
async fn sign_in_of_the_wrong_user_is_refused() {
    let world = world().await;
    exits(&world, 0, "mock-secret", &add(&BY_SIGN_IN));
    let operator = Operator::of(&world.gateway);
    let redirected = operator.sign_in(&world.mock, "second", OTHER).await;
    let (_, err) = exits(&world, 5, &redirected, &["account", "paste", "second"]);
    assert!(
        err.contains("A1B2C3") && err.contains("what to do: "),
        "{err}"
    );
    let (out, _) = exits(&world, 0, "", &["account", "show", "second", "--json"]);
    assert!(out.contains("\"needs_consent\""), "{out}");
}

/// `waybill account authorize second`, while it waits for the person.
struct Waiting {
    child: Child,
    said: PathBuf,
    /// Where the person signs in.
    url: String,
}

impl Waiting {
    async fn begin(world: &World) -> Self {
        exits(world, 0, "mock-secret", &add(&BY_SIGN_IN));
        let folder = world.gateway.process.folder();
        let said = folder.join("said");
        let child = Command::new(&programs().waybill)
            .args(["account", "authorize", "second"])
            .current_dir(&folder)
            .env_clear()
            .env(
                "WAYBILL_ADMIN_URL",
                format!("http://{}", world.gateway.admin),
            )
            .stdin(Stdio::null())
            .stdout(fs::File::create(&said).expect("the test owns the folder"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let mut url = None;
        eventually("the sign-in address", async || {
            let text = fs::read_to_string(&said).expect("it was made");
            let line = text.lines().find(|line| line.contains("/oauth/authorize?"));
            // The last line of the invitation: it is about to wait.
            let complete = text.contains("waybill account paste second");
            url = line.filter(|_| complete).map(|line| line.trim().to_owned());
            url.is_some()
        })
        .await;
        let url = url.expect("it was printed");
        Self { child, said, url }
    }

    /// Its exit code and what it wrote.
    fn end(self) -> (Option<i32>, String) {
        let output = self.child.wait_with_output().expect("it ends");
        let out = fs::read_to_string(&self.said).expect("it was made");
        let err = String::from_utf8(output.stderr).expect("text");
        (output.status.code(), format!("{out}\n{err}"))
    }
}

/// `authorize` waits while the person signs in elsewhere, and sees the end of it.
#[tokio::test(flavor = "multi_thread")]
async fn authorize_waits_until_the_person_has_signed_in() {
    for (user, code, words) in [
        (MERCHANT, 0, "second: signed in, and proven"),
        (OTHER, 5, "failed (wrong_login)"),
    ] {
        let world = world().await;
        let waiting = Waiting::begin(&world).await;
        browse(&world, &waiting.url, user).await;
        let (exit, text) = waiting.end();
        assert_eq!(exit, Some(code), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

/// Who stops waiting has lost nothing: the sign-in can still be finished.
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_wait_leaves_the_sign_in_open() {
    let world = world().await;
    let waiting = Waiting::begin(&world).await;
    let pid = waiting.child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.expect("kill runs").success());
    let url = waiting.url.clone();
    let (exit, text) = waiting.end();
    assert_eq!(exit, Some(130), "{text}");
    assert!(text.contains("can still be finished"), "{text}");
    browse(&world, &url, MERCHANT).await;
    let (out, _) = exits(&world, 0, "", &["account", "show", "second"]);
    assert!(out.contains("state           ready"), "{out}");
}

/// Signs in at the carrier, and follows its redirect to the gateway.
async fn browse(world: &World, url: &str, user: (&str, &str)) {
    let back = approve(&world.mock, url, user).await;
    Client::new(world.gateway.admin).get(&local(&back)).await;
}

/// What needs a person is said after every answer, but not to programs.
#[tokio::test(flavor = "multi_thread")]
async fn notices_follow_every_answer() {
    let world = world().await;
    exits(&world, 0, "mock-secret", &add(&BY_SIGN_IN));
    let operator = Operator::of(&world.gateway);
    operator.consent(&world.mock, "second", MERCHANT).await;
    assert!(world.mock.change_password(MERCHANT.0, "parcel-9"));
    // The refused refresh is what the gateway notices.
    waybill(&world, "", &["token", "renew", "second"]);
    eventually("a notice", async || {
        world.metric("waybill_notices_open").await > Some(0.0)
    })
    .await;
    let (_, err) = exits(&world, 0, "", &["account", "list"]);
    // One line after any other command; the notices themselves are printed once, by the command for them.
    let reminder = "notice: 1 notice is open: `waybill notices` prints it";
    assert_eq!(err.matches(reminder).count(), 1, "{err}");
    let (out, err) = exits(&world, 0, "", &["notices"]);
    assert!(out.contains("second"), "{out}");
    assert!(out.contains("waybill account authorize second"), "{out}");
    assert!(!err.contains("notice: "), "{err}");
    let (_, err) = exits(&world, 0, "", &["account", "list", "--json"]);
    assert!(err.is_empty(), "{err}");
}

/// An app's secrets are shown this once, and open the gateway.
#[tokio::test(flavor = "multi_thread")]
async fn apps_secrets_are_shown_once() {
    let world = world().await;
    let add = [
        "app",
        "add",
        "shop",
        "--account",
        "main",
        "--with-key",
        "--rate",
        "50",
    ];
    let (out, err) = exits(&world, 0, "", &add);
    let secret = |name: &str, out: &str| {
        let line = out.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().last())
            .expect(out)
            .to_owned()
    };
    let (first, key) = (secret("client secret", &out), secret("key", &out));
    assert!(err.contains("shown this once"), "{err}");
    let (out, _) = exits(&world, 0, "", &["app", "list"]);
    assert!(
        out.contains("50/s") && !out.contains(&first) && !out.contains(&key),
        "{out}"
    );
    let (out, _) = exits(&world, 0, "", &["app", "rotate", "shop", "--secret"]);
    assert_ne!(secret("client secret", &out), first);
    exits(&world, 0, "", &["app", "remove", "shop", "--yes"]);
}

/// What is wrong is said for each thing, and the verdict is the exit code.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_is_wrong_and_exits_with_its_verdict() {
    let world = world().await;
    let report = exits(&world, 0, "", &["doctor", "main", "--json"]).0;
    assert!(report.contains("\"verdict\": \"ok\""), "{report}");
    exits(&world, 3, "wrong-secret", &add(&["--secret-stdin"]));
    let (out, _) = exits(&world, 2, "", &["doctor", "second"]);
    assert!(
        out.contains("failure") && out.contains("something does not work"),
        "{out}"
    );
    let (_, err) = exits(&world, 5, "", &["doctor", "nobody"]);
    assert!(err.contains("nobody"), "{err}");
}

const LIST: &str = "name,account_number,access_key,user_id,environment\n\
                    Web shop,A1B2C3,0123456789ABCDEF,merchant,test\n\
                    Depot,A1B2C3,,,test\nOutlet,X9Y8Z7,,other,test\nAnnex,X9Y8Z8,,other,test\n";

/// A list of access keys becomes accounts, one sign-in for each login; undone, all is as before.
#[tokio::test(flavor = "multi_thread")]
async fn migration_is_planned_run_and_undone() {
    let world = world().await;
    fs::write(world.gateway.process.folder().join("list.csv"), LIST)
        .expect("the test owns the folder");
    let names = |world: &World| {
        let text = exits(world, 0, "", &["account", "list", "--json"]).0;
        text.matches("\"name\"").count()
    };
    let before = names(&world);
    let migrate = |command| {
        let client = ["list.csv", "--client-id", "mock-client", "--secret-stdin"];
        [&["migrate", command][..], &client].concat()
    };
    let (out, _) = exits(&world, 0, "mock-secret", &migrate("plan"));
    assert!(
        out.contains("Web shop, Depot") && out.contains("1 sign-in for 2 numbers"),
        "{out}"
    );
    assert!(out.contains("nothing was changed"), "{out}");
    assert!(!out.contains("0123456789ABCDEF"), "{out}");
    assert_eq!(names(&world), before);
    let (out, err) = exits(&world, 0, "mock-secret", &migrate("run"));
    assert!(
        out.contains("backup") && err.contains("next: `waybill account authorize "),
        "{out}"
    );
    assert!(names(&world) > before);
    let (out, _) = exits(&world, 0, "", &["migrate", "status"]);
    assert!(out.contains("needs consent"), "{out}");
    exits(&world, 0, "", &["migrate", "undo", "--yes"]);
    assert_eq!(names(&world), before);
}

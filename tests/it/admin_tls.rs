//! TLS of the admin listener itself.

use bytes::Bytes;
use http::{Request, StatusCode};
use std::fs;
use tests::{
    Answer, Certificate, Raw, World, command_line, eventually, run_command, send_http1, soon,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

const TLS: &str = "[listen.admin_tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n";

async fn secure(certificate: &Certificate) -> World {
    let written = certificate.clone();
    let world = World::builder().prepare(move |folder| written.write(folder));
    world.more(TLS).start().await
}

async fn send(world: &World, certificate: &Certificate, request: Request<Bytes>) -> Answer {
    let stream = certificate
        .connect(world.gateway.admin, &["http/1.1"])
        .await;
    send_http1(stream.expect("a TLS session"), request).await
}

async fn get(world: &World, certificate: &Certificate, path: &str) -> Answer {
    let request = Request::get(path).body(Bytes::new()).expect("a request");
    send(world, certificate, request).await
}

async fn serves(world: &World, certificate: &Certificate) -> bool {
    certificate.connect(world.gateway.admin, &[]).await.is_ok()
}

#[tokio::test]
async fn admin_listener_with_tls_serves_everything_and_the_command_line_needs_no_setting() {
    let certificate = Certificate::for_localhost();
    let world = secure(&certificate).await;
    assert!(world.gateway.admin_url().starts_with("https://127.0.0.1:"));
    for path in ["/healthz", "/metrics", "/ui/sign-in"] {
        assert_eq!(
            get(&world, &certificate, path).await.status(),
            200,
            "{path}"
        );
    }
    // By the certificate that the configuration names, though the address is not the certificate's.
    let done = world.gateway.waybill("", &["status"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let done = world.gateway.waybill("", &["doctor", "--json"]).await;
    let redirect = format!("https://{}/oauth/callback", world.gateway.admin);
    assert!(done.stdout.contains(&redirect), "{}", done.stdout);
}

#[tokio::test]
async fn command_on_another_machine_names_the_authority_and_shows_its_token_to_nobody_else() {
    let (certificate, stranger) = (Certificate::for_localhost(), Certificate::for_localhost());
    let world = secure(&certificate).await;
    let far = tempfile::tempdir().expect("a folder for the test");
    let token = world.gateway.process.folder().join("waybill-admin.token");
    fs::copy(token, far.path().join("token")).expect("it is there");
    let (trusted, other) = (far.path().join("ca"), far.path().join("other"));
    for (folder, certificate) in [(&trusted, &certificate), (&other, &stranger)] {
        fs::create_dir(folder).expect("the test's");
        certificate.write(folder);
    }
    let url = format!("https://localhost:{}", world.gateway.admin.port());
    for (authority, code) in [(trusted, 0), (other, 4)] {
        let mut command = command_line(far.path());
        command.args([
            "status",
            "--token-file",
            "token",
            "--url",
            &url,
            "--ca-file",
        ]);
        command.arg(authority.join("cert.pem"));
        let done = run_command(command).await;
        assert_eq!(done.code, Some(code), "{}{}", done.stdout, done.stderr);
        assert_eq!(done.stderr.contains("nothing was sent"), code != 0);
    }
}

#[tokio::test]
async fn request_in_clear_is_told_to_use_tls() {
    let certificate = Certificate::for_localhost();
    let world = secure(&certificate).await;
    let mut raw = Raw::connect(world.gateway.admin).await.expect("it listens");
    let answer = raw
        .send("GET /ui HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .until("https://")
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("this listener speaks TLS"), "{answer}");
    let mut command = command_line(&world.gateway.process.folder());
    let url = format!("http://{}", world.gateway.admin);
    command.args(["status", "--url", &url]);
    let done = run_command(command).await;
    assert!(done.stderr.contains("write https://"), "{}", done.stderr);
}

/// Whoever connects and says nothing, or stops in the middle of a handshake, keeps nobody out.
#[tokio::test]
async fn silent_and_unfinished_handshakes_keep_nobody_out() {
    let certificate = Certificate::for_localhost();
    let world = secure(&certificate).await;
    let mut silent = Vec::new();
    for n in 0..400 {
        let mut stream = TcpStream::connect(world.gateway.admin).await.expect("open");
        if n % 2 == 0 {
            // The beginning of a record of the type handshake.
            let begun = stream.write_all(&[22, 3, 1, 2, 0, 1]).await;
            begun.expect("it takes a few bytes");
        }
        silent.push(stream);
    }
    assert_eq!(get(&world, &certificate, "/healthz").await.status(), 200);
    let mut last = silent.pop().expect("there are many");
    let closed = soon("the end of a silent connection", async {
        tokio::io::copy(&mut last, &mut tokio::io::sink()).await
    });
    // A reset is an end as well.
    drop(closed.await);
}

#[tokio::test]
async fn renewed_certificate_is_served_without_a_command_and_a_wrong_one_is_not() {
    let (old, new) = (Certificate::for_localhost(), Certificate::for_localhost());
    let world = secure(&old).await;
    let folder = world.gateway.process.folder();
    let kept = fs::read(folder.join("key.pem")).expect("the test's");
    new.write(&folder);
    let key = fs::read(folder.join("key.pem")).expect("the test's");
    fs::write(folder.join("key.pem"), kept).expect("the test's");
    eventually("the log says why", async || {
        let log = world.gateway.process.output();
        log.contains("the renewed certificate of the admin listener is not used")
            && log.contains("listen.admin_tls cannot be used")
    })
    .await;
    assert!(serves(&world, &old).await);
    fs::write(folder.join("key.pem"), key).expect("the test's");
    eventually("the new certificate is served", async || {
        serves(&world, &new).await
    })
    .await;
    assert!(!serves(&world, &old).await);
}

#[tokio::test]
async fn tls_comes_and_goes_with_a_reload() {
    let certificate = Certificate::for_localhost();
    let world = World::start().await;
    let folder = world.gateway.process.folder();
    certificate.write(&folder);
    let file = folder.join("waybill.toml");
    let before = fs::read_to_string(&file).expect("the test's");
    fs::write(&file, format!("{before}\n{TLS}")).expect("the test's");
    let done = world.gateway.waybill("", &["reload"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(get(&world, &certificate, "/healthz").await.status(), 200);
    fs::write(&file, before).expect("the test's");
    let url = format!("https://localhost:{}", world.gateway.admin.port());
    let mut command = command_line(&folder);
    command.args(["reload", "--url", &url, "--ca-file", "cert.pem"]);
    let done = run_command(command).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(world.gateway.waybill("", &["status"]).await.code == Some(0));
}

/// By name, so that nothing but TLS makes the cookie a secure one.
#[tokio::test]
async fn session_over_tls_has_a_cookie_that_is_bound_to_the_host_and_never_sent_in_clear() {
    let certificate = Certificate::for_localhost();
    let written = certificate.clone();
    let world = World::builder()
        .prepare(move |folder| {
            written.write(folder);
            let file = folder.join("waybill.toml");
            let text = fs::read_to_string(&file).expect("the test's");
            let named = "[listen]\nadmin_hosts = \"waybill.internal\"";
            fs::write(&file, text.replacen("[listen]", named, 1)).expect("the test's");
        })
        .more(TLS)
        .start()
        .await;
    let token = world.gateway.process.folder().join("waybill-admin.token");
    let token = fs::read_to_string(token).expect("the gateway wrote it");
    let form = |origin: &str| {
        Request::post("/ui/sign-in")
            .header("host", "waybill.internal")
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(format!("token={}", token.trim())))
            .expect("a request")
    };
    let refused = send(&world, &certificate, form("http://waybill.internal")).await;
    assert_eq!(
        refused.status(),
        StatusCode::FORBIDDEN,
        "a page that came in clear"
    );
    let answer = send(&world, &certificate, form("https://waybill.internal")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text());
    let cookie = answer.field("set-cookie");
    assert!(cookie.starts_with("__Host-waybill-"), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let (pair, _) = cookie.split_once(';').expect("attributes");
    let page = Request::get("/ui")
        .header("host", "waybill.internal")
        .header("cookie", pair)
        .body(Bytes::new());
    let answer = send(&world, &certificate, page.expect("a request")).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

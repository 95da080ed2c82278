//! The command line reaches the admin listener by TLS: its own, or that of a reverse proxy.

use tests::{Certificate, Done, World, command_line, run_command};

/// Asks for the status by this address; `trusted` is what the machine trusts.
async fn status(world: &World, url: &str, trusted: Option<&str>) -> Done {
    let mut command = command_line(&world.gateway.process.folder());
    command.args(["status", "--url", url]);
    // Never this machine's own store: it may be empty, which is another story.
    let trusted = trusted.unwrap_or("other.pem");
    command.env("SSL_CERT_FILE", trusted);
    run_command(command).await
}

#[tokio::test]
async fn https_is_spoken_with_a_proven_gateway_only() {
    let certificate = Certificate::for_localhost();
    let stranger = Certificate::for_localhost();
    let written = certificate.clone();
    let world = World::builder()
        .prepare(move |folder| {
            stranger.write(folder);
            std::fs::rename(folder.join("cert.pem"), folder.join("other.pem"))
                .expect("the test owns the folder");
            written.write(folder);
        })
        .start()
        .await;
    let proxy = certificate.in_front_of(world.gateway.admin).await;
    let named = format!("https://localhost:{}", proxy.port());

    let done = status(&world, &named, Some("cert.pem")).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("accounts"), "{}", done.stdout);

    // The token goes to nobody who is not proven.
    let done = status(&world, &named, None).await;
    assert_eq!(done.code, Some(4), "{}", done.stderr);
    for part in [
        "certificate is not trusted",
        "nothing was sent",
        "--ca-file",
    ] {
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
    let numbered = format!("https://{proxy}");
    let done = status(&world, &numbered, Some("cert.pem")).await;
    assert_eq!(done.code, Some(4), "{}", done.stderr);
    assert!(done.stderr.contains("another name"), "{}", done.stderr);
    // This listener itself speaks no TLS, and says nothing in clear to who wants it.
    let plain = format!("https://localhost:{}", world.gateway.admin.port());
    let done = status(&world, &plain, Some("cert.pem")).await;
    assert_eq!(done.code, Some(4), "{}", done.stderr);
    assert!(done.stderr.contains("TLS"), "{}", done.stderr);
}

//! People who are told.

use super::{
    DAY, MINUTE, WRONG, add_refused, eventually, remind, renew,
    smtp::{Server, Session},
};
use crate::world::World;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_control::{Mail, MailLogin, MailSecurity};
use gateway_model::Secret;
use rcgen::CertifiedKey;
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

const PASSWORD: &str = "planted-mail-password";

fn mail(server: &Server, security: MailSecurity) -> Mail {
    Mail {
        host: "localhost".to_owned(),
        port: server.address.port(),
        security,
        trusted: None,
        from: "Waybill <waybill@example.com>".to_owned(),
        to: vec![
            "ops@example.com".to_owned(),
            "Shipping <shipping@example.com>".to_owned(),
        ],
        login: None,
    }
}

/// A world in which these accounts' secrets are wrong.
async fn world(mail: Mail, accounts: &[&str]) -> World {
    let world = World::frozen(|settings| settings.reminders.mail = Some(mail)).await;
    for account in accounts {
        add_refused(&world, account).await;
    }
    world
}

/// The sessions, once there are so many.
async fn sessions(server: &Server, count: usize) -> Vec<Session> {
    eventually("the session ended", async || {
        server.sessions().len() >= count
    })
    .await;
    let sessions = server.sessions();
    assert_eq!(sessions.len(), count, "{sessions:#?}");
    sessions
}

/// As a reader sees it: quoted-printable's soft line ends are gone.
fn read(session: &Session) -> String {
    let mail = session.mail.as_deref().expect("a mail");
    mail.replace("=\r\n", "").replace("\r\n", "\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mail_tells_all_that_is_due_and_only_once_a_day() {
    let server = Server::start(1, None).await;
    let world = world(mail(&server, MailSecurity::Local), &["one", "two"]).await;
    remind(&world).await;
    assert_eq!(server.sessions().len(), 0, "it waits for more to say");
    world.pass(MINUTE);
    remind(&world).await;
    assert_eq!(sessions(&server, 1).await[0].mail, None, "it was refused");
    remind(&world).await;
    assert_eq!(server.sessions().len(), 1, "it rests after a failure");
    world.pass(MINUTE);
    remind(&world).await;
    let last = sessions(&server, 2).await.remove(1);
    let text = read(&last);
    assert!(
        text.contains("Subject: Waybill: 2 accounts need a person\n"),
        "{text}"
    );
    assert!(
        text.contains("From: Waybill <waybill@example.com>\n"),
        "{text}"
    );
    assert!(
        text.contains("Date: Mon, 02 Mar 2026 08:02:00 +0000\n"),
        "{text}"
    );
    for account in ["one", "two"] {
        let fix = format!("`waybill account rotate-secret {account}`");
        assert!(text.contains(&fix), "{text}");
    }
    let receivers = last
        .clear
        .iter()
        .filter(|line| line.starts_with("RCPT"))
        .count();
    assert_eq!(receivers, 2, "{last:?}");
    assert!(!text.contains(WRONG), "{text}");

    world.pass(MINUTE * 90);
    remind(&world).await;
    let world = world.restarted().await;
    remind(&world).await;
    assert_eq!(server.sessions().len(), 2, "once a day");
    world.pass(DAY);
    for account in ["one", "two"] {
        renew(&world, account).await;
    }
    remind(&world).await;
    world.pass(MINUTE);
    remind(&world).await;
    assert!(read(&sessions(&server, 3).await[2]).contains("2 accounts"));
}

fn tls() -> (TlsAcceptor, Vec<u8>) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a certificate of its own");
    (TlsAcceptor::from(Arc::new(config)), cert.pem().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn password_goes_under_tls_only() {
    let (acceptor, pem) = tls();
    let server = Server::start(0, Some(acceptor)).await;
    let mut settings = mail(&server, MailSecurity::StartTls);
    settings.trusted = Some(pem);
    settings.login = Some(login());
    let world = world(settings, &["main"]).await;
    world.pass(MINUTE);
    remind(&world).await;
    world.pass(MINUTE);
    remind(&world).await;
    let session = sessions(&server, 1).await.remove(0);
    assert!(read(&session).contains("Subject: Waybill: account main needs a person\n"));
    let sent = format!(
        "AUTH PLAIN {}",
        STANDARD.encode(format!("\0ops\0{PASSWORD}"))
    );
    assert!(session.secured.contains(&sent), "{session:?}");
    assert!(
        !session.clear.iter().any(|line| line.starts_with("AUTH")),
        "{session:?}"
    );
    assert!(!read(&session).contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn server_without_trusted_tls_gets_nothing() {
    let (acceptor, _) = tls();
    for tls in [None, Some(acceptor)] {
        let server = Server::start(0, tls).await;
        let mut settings = mail(&server, MailSecurity::StartTls);
        settings.login = Some(login());
        let world = world(settings, &["main"]).await;
        remind(&world).await;
        world.pass(MINUTE);
        remind(&world).await;
        let session = sessions(&server, 1).await.remove(0);
        assert_eq!(session.mail, None);
        let said: Vec<_> = session.clear.iter().chain(&session.secured).collect();
        assert!(
            !said
                .iter()
                .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL"))
        );
        assert_eq!(world.store.notices(true).await.unwrap()[0].mail_at, None);
    }
}

fn login() -> MailLogin {
    MailLogin {
        username: "ops".to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
    }
}

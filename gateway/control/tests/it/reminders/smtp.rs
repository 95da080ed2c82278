//! A mail server for tests: it takes whatever comes, or refuses it once.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// One session as it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// The client's commands before TLS.
    pub(crate) clear: Vec<String>,
    /// The client's commands under TLS.
    pub(crate) secured: Vec<String>,
    /// What came after DATA.
    pub(crate) mail: Option<String>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    sessions: Arc<Mutex<Vec<Session>>>,
}

impl Server {
    /// Refuses the first sessions with 451.
    pub(crate) async fn start(refused: usize, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let sessions = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sessions);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                let mut session = Session::default();
                let refuse = seen.lock().expect("nobody panicked").len() < refused;
                stream.write_all(b"220 test\r\n").await.expect("a client");
                let upgrade = talk(&mut stream, &mut session, refuse, tls.is_some(), false).await;
                if let (true, Some(tls)) = (upgrade, &tls)
                    && let Ok(mut stream) = tls.accept(stream).await
                {
                    talk(&mut stream, &mut session, refuse, false, true).await;
                }
                seen.lock().expect("nobody panicked").push(session);
            }
        });
        Self { address, sessions }
    }

    pub(crate) fn sessions(&self) -> Vec<Session> {
        self.sessions.lock().expect("nobody panicked").clone()
    }
}

/// Until QUIT, the end, or STARTTLS (then true).
async fn talk(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    session: &mut Session,
    refuse: bool,
    offers_tls: bool,
    secured: bool,
) -> bool {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if !matches!(stream.read_line(&mut line).await, Ok(1..)) {
            return false;
        }
        let line = line.trim_end().to_owned();
        let verb = line
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let log = if secured {
            &mut session.secured
        } else {
            &mut session.clear
        };
        log.push(line);
        let answer = match verb.as_str() {
            "EHLO" if offers_tls => "250-test\r\n250 STARTTLS",
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "STARTTLS" => "220 go",
            "AUTH" => "235 welcome",
            "MAIL" if refuse => "451 later",
            "DATA" => "354 go",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let sent = stream
            .get_mut()
            .write_all(format!("{answer}\r\n").as_bytes())
            .await;
        match verb.as_str() {
            _ if sent.is_err() => return false,
            "STARTTLS" => return true,
            "QUIT" => return false,
            "DATA" => {
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if !matches!(stream.read_line(&mut mail).await, Ok(1..)) {
                        return false;
                    }
                }
                session.mail = Some(mail);
                if stream.get_mut().write_all(b"250 taken\r\n").await.is_err() {
                    return false;
                }
            }
            _ => {}
        }
    }
}

//! Apps that never stop, and count what an app should never see.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tests::rate_request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::sleep,
};

/// What is added to a long upload.
const UPLOAD: usize = 100_000;

/// What the apps saw.
#[derive(Debug, Default)]
pub(super) struct Tally {
    served: AtomicU64,
    refused: AtomicU64,
    reset: AtomicU64,
    failed: AtomicU64,
    first: Mutex<Option<String>>,
}

/// Running apps.
pub(super) struct Load {
    over: Arc<AtomicBool>,
    tally: Arc<Tally>,
    apps: JoinSet<()>,
}

/// How an app uses connections.
#[derive(Clone, Copy, Debug)]
pub(super) enum Habit {
    /// One for each request.
    New,
    /// One for all requests, with a pause between two.
    Kept(Duration),
    /// Likewise, over HTTP/2.
    Http2,
    /// One for all requests, whose content takes this long to send.
    Upload(Duration),
}

impl Load {
    pub(super) fn start(addr: SocketAddr, habits: &[(Habit, usize)]) -> Self {
        let mut load = Self {
            over: Arc::default(),
            tally: Arc::default(),
            apps: JoinSet::new(),
        };
        for (habit, count) in habits {
            for _ in 0..*count {
                let (over, tally) = (Arc::clone(&load.over), Arc::clone(&load.tally));
                load.apps.spawn(app(addr, *habit, over, tally));
            }
        }
        load
    }

    pub(super) fn served(&self) -> u64 {
        self.tally.served()
    }

    /// Ends the apps after their last requests.
    pub(super) async fn end(self) -> Arc<Tally> {
        self.over.store(true, Ordering::Relaxed);
        self.apps.join_all().await;
        self.tally
    }
}

impl Tally {
    /// Fails unless every request was served.
    #[track_caller]
    pub(super) fn assert_clean(&self) {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let bad = count(&self.refused) + count(&self.reset) + count(&self.failed);
        assert!(bad == 0 && count(&self.served) > 0, "{self}");
    }

    pub(super) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }

    fn note(&self, result: io::Result<()>) {
        let Err(error) = result else {
            self.served.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let reset = [
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::UnexpectedEof,
        ];
        let kind = error.kind();
        let count = if kind == io::ErrorKind::ConnectionRefused {
            &self.refused
        } else if reset.contains(&kind) {
            &self.reset
        } else {
            &self.failed
        };
        count.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first.lock().expect("no app panics");
        first.get_or_insert_with(|| error.to_string());
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        write!(
            f,
            "{} served, {} refused, {} reset, {} failed; the first failure: {first:?}",
            count(&self.served),
            count(&self.refused),
            count(&self.reset),
            count(&self.failed),
        )
    }
}

async fn app(addr: SocketAddr, habit: Habit, over: Arc<AtomicBool>, tally: Arc<Tally>) {
    let mut kept = None;
    while !over.load(Ordering::Relaxed) {
        match habit {
            Habit::Http2 => http2_connection(addr, &over, &tally).await,
            Habit::New => {
                let request = request("connection: close\r\n", 0);
                tally.note(exchange(addr, &mut None, &request, Duration::ZERO).await);
            }
            Habit::Kept(pause) => {
                sleep(pause).await;
                tally.note(exchange(addr, &mut kept, &request("", 0), Duration::ZERO).await);
            }
            Habit::Upload(time) => {
                let request = request("", UPLOAD);
                tally.note(exchange(addr, &mut kept, &request, time).await);
            }
        }
    }
}

/// A whole request as bytes, with this much space after its JSON.
fn request(fields: &str, space: usize) -> Vec<u8> {
    let (parts, body) = rate_request().into_parts();
    let body = [&body[..], &vec![b' '; space]].concat();
    let path = parts.uri.path();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{fields}\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

/// One request over the kept connection, or over a new one, which is kept if both sides allow it.
async fn exchange(
    addr: SocketAddr,
    kept: &mut Option<TcpStream>,
    request: &[u8],
    time: Duration,
) -> io::Result<()> {
    let mut stream = match kept.take() {
        Some(stream) if !is_over(&stream) => stream,
        Some(_) | None => TcpStream::connect(addr).await?,
    };
    stream.set_nodelay(true)?;
    let pieces: u32 = if time.is_zero() { 1 } else { 10 };
    for piece in request.chunks(request.len().div_ceil(pieces as usize)) {
        stream.write_all(piece).await?;
        if !time.is_zero() {
            sleep(time / pieces).await;
        }
    }
    let head = response(&mut stream).await?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other(head));
    }
    let closes = head.to_lowercase().contains("connection: close");
    *kept = Some(stream).filter(|_| !closes);
    Ok(())
}

/// Whether the gateway has closed a connection while nothing was under way, as it may.
fn is_over(stream: &TcpStream) -> bool {
    let mut byte = [0];
    !matches!(stream.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// Reads a whole response, and gives its head.
async fn response(stream: &mut TcpStream) -> io::Result<String> {
    let mut read = Vec::with_capacity(16 * 1024);
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.ok_or_else(|| io::Error::other(format!("no length: {head}")))?;
        while read.len() < end + 4 + length {
            if stream.read_buf(&mut read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        return Ok(head);
    }
}

/// Whether a GOAWAY crossed the request. The gateway has not looked at a request behind the last one that GOAWAY
/// names, and an app sends it again over another connection (RFC 9113, section 6.8); here that is the next request.
fn is_refused(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &h2::Error| {
        cause.is_go_away() && cause.is_remote() && cause.reason() == Some(h2::Reason::NO_ERROR)
    })
}

/// Requests over one HTTP/2 connection, until the gateway says that it takes no more.
async fn http2_connection(addr: SocketAddr, over: &AtomicBool, tally: &Tally) {
    let connected = async {
        let stream = TcpStream::connect(addr).await?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        handshake.map_err(io::Error::other)
    };
    let (mut sender, connection) = match connected.await {
        Ok(connected) => connected,
        Err(error) => return tally.note(Err(error)),
    };
    let connection = tokio::spawn(connection);
    while !over.load(Ordering::Relaxed) && sender.ready().await.is_ok() {
        let (mut parts, body) = rate_request().into_parts();
        parts.uri = format!("http://localhost{}", parts.uri.path())
            .parse()
            .expect("a URI");
        let request = Request::from_parts(parts, Full::new(body));
        let response = match sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut error) => {
                // It came back, so nothing of it was sent; or the gateway took no more requests.
                let unprocessed = error.take_message().is_some() || is_refused(error.error());
                if !unprocessed {
                    let error = error.into_error();
                    tally.note(Err(io::Error::other(format!("HTTP/2: {error:?}"))));
                }
                break;
            }
        };
        let status = response.status();
        let content: Result<Bytes, _> = response.collect().await.map(|whole| whole.to_bytes());
        tally.note(match content {
            Ok(_) if status == 200 => Ok(()),
            Ok(content) => Err(io::Error::other(format!("{status} {content:?}"))),
            Err(error) => Err(io::Error::other(format!("HTTP/2: {error:?}"))),
        });
    }
    connection.abort();
}

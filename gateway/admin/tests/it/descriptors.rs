//! File descriptors run out. The limit holds for a whole process, so this one starts another.

use crate::harness::{PATIENCE, start};
use std::{
    net::TcpStream,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::{sleep, timeout};
use tracing::{Event, Level, Metadata, Subscriber, span};

#[test]
fn listener_without_descriptors_logs_one_line_and_recovers() {
    let this = std::env::current_exe().expect("the test binary");
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 80 && exec \"$0\" \"$@\""])
        .arg(this)
        .args(["--exact", "descriptors::within_80_descriptors", "--ignored"])
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the test above, in a process with few descriptors"]
async fn within_80_descriptors() {
    tracing::subscriber::set_global_default(Warnings).expect("the first one");
    let server = start().await;
    assert_eq!(server.get("/healthz").await.0, 200);
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect(server.addr) {
        held.push(stream);
        assert!(held.len() < 100, "the limit is not in force");
    }
    sleep(Duration::from_millis(600)).await;
    assert_eq!(warnings(), 1, "lines about the shortage");
    server.clock.advance(Duration::from_secs(61));
    sleep(Duration::from_millis(400)).await;
    assert_eq!(warnings(), 2, "one each minute");
    drop(held);
    assert_eq!(server.get("/healthz").await.0, 200);
    // The listener's clock stands still until here: it takes the shortage for one that lasts.
    server.clock.advance(Duration::from_secs(6));
    let ended = async {
        while warnings() < 3 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, ended)
        .await
        .expect("a line about its end");
}

static WARNINGS: AtomicUsize = AtomicUsize::new(0);

fn warnings() -> usize {
    WARNINGS.load(Ordering::SeqCst)
}

/// Counts the listener's warnings.
struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, _: &Event<'_>) {
        WARNINGS.fetch_add(1, Ordering::SeqCst);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

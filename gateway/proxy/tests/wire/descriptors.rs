//! File descriptors run out. The limit holds for a whole process, so this one starts another.

use std::fs::File;
use std::io::{Read, Seek};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gateway_proxy::Limits;
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::harness::{HANG, World, answers, now};

const GET: &[u8] = b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn a_gateway_without_descriptors_lives_and_recovers() {
    let this = std::env::current_exe().expect("the test binary");
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 80 && exec \"$0\" \"$@\""])
        .arg(this)
        .args([
            "--exact",
            "descriptors::within_80_descriptors",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "started by the test above, in a process with few descriptors"]
fn within_80_descriptors() {
    tracing::subscriber::set_global_default(Warnings).expect("the first one");
    let world = World::start(Limits::default());
    assert_eq!(answers(&world.exchange(GET).bytes).0, [200]);
    let mut stat = File::open("/proc/self/stat").expect("Linux");
    let mut held = Vec::new();
    let refused = loop {
        match TcpStream::connect(world.gateway) {
            Ok(stream) => held.push(stream),
            Err(error) => break error,
        }
        assert!(held.len() < 100, "the limit is not in force");
    };
    // Nothing can be opened any more, by the gateway neither: connections wait to be accepted.
    assert_eq!(refused.raw_os_error(), Some(24), "{refused}");
    let (before, began) = (cpu_ticks(&mut stat), now());
    std::thread::sleep(Duration::from_millis(600));
    let busy = Duration::from_millis(10) * (cpu_ticks(&mut stat) - before);
    let elapsed = now().duration_since(began);
    assert!(busy * 5 < elapsed, "busy for {busy:?} of {elapsed:?}");
    assert_eq!(warnings(), 1, "lines about the shortage");
    drop(held);
    for _ in 0..3 {
        let exchange = world.exchange(GET);
        assert_eq!(answers(&exchange.bytes), (vec![200], false), "{exchange:?}");
    }
    let began = now();
    while warnings() < 2 {
        assert!(now().duration_since(began) < HANG, "no line about its end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

static WARNINGS: AtomicUsize = AtomicUsize::new(0);

fn warnings() -> usize {
    WARNINGS.load(Ordering::SeqCst)
}

/// Counts the gateway's warnings.
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

/// CPU time of this process in hundredths of a second, from a file that is open already.
fn cpu_ticks(stat: &mut File) -> u32 {
    let mut text = String::new();
    stat.rewind().expect("a seekable file");
    stat.read_to_string(&mut text).expect("a readable file");
    let fields: Vec<_> = text
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<u32>().expect("a number");
    ticks(11) + ticks(12)
}

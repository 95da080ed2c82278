#!/usr/bin/env bash
# The first random bytes of a process cost milliseconds with aws-lc-rs, which offers the calls of ring: a short-lived
# command, or a gateway that starts, pays as much as for several TLS handshakes.
#
# Packages: aws-lc-rs 1.19.0 (aws-lc-sys 0.47.0) and ring 0.17.14 (crates.io), with optimisation.
# Guess before the run: the first eight bytes of each cost what one call of the kernel's generator costs, microseconds.
# Seen, in microseconds on a busy machine, the median of five processes:
#   ring         first 4, second 0.4
#   aws-lc-rs    first 40,000, second 0.7
# The first call seeds a generator in the process with the jitter of the processor's clock, and the C code that gathers
# it is built without optimisation in a release build as well. Later calls are answered by the generator and are as
# cheap as ring's. Whoever measures a start, or forks a process for each task, sees it; a benchmark that
# warms up does not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
cat > "$work/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
aws-lc-rs = { version = "=1.19.0", default-features = false, features = ["aws-lc-sys"] }
ring = "=0.17.14"
TOML
cat > "$work/src/main.rs" <<'RS'
use std::time::{Duration, Instant};

fn timed(fill: impl FnOnce(&mut [u8])) -> Duration {
    let (mut bytes, begin) = ([0; 8], Instant::now());
    fill(&mut bytes);
    let took = begin.elapsed();
    assert_ne!(bytes, [0; 8]);
    took
}

fn main() {
    let ring = || {
        timed(|bytes| ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), bytes).unwrap())
    };
    let aws = || {
        timed(|bytes| aws_lc_rs::rand::SecureRandom::fill(&aws_lc_rs::rand::SystemRandom::new(), bytes).unwrap())
    };
    let times = [ring(), ring(), aws(), aws()];
    println!("{}", times.map(|time| time.as_nanos().to_string()).join(" "));
}
RS
cd "$work"
cargo build --release --quiet 2> log || { tail -n 3 log >&2; exit 1; }
for _ in 1 2 3 4 5; do ./target/release/finding; done > all
median() { cut -d' ' -f"$1" all | sort -n | sed -n 3p; }
ring=$(median 1) aws=$(median 3) later=$(median 4)
echo "nanoseconds: ring first $ring, second $(median 2); aws-lc-rs first $aws, second $later"
[ "$aws" -gt $((100 * ring)) ] && [ "$aws" -gt $((1000 * later)) ] || { echo "the behaviour has changed" >&2; exit 1; }

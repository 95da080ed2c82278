#!/usr/bin/env bash
# A relay that reads into a BytesMut and hands each read on pays for the reads that are gone: `reserve` keeps their place.
#
# Package: bytes 1.12.1 (crates.io).
# Guess before the run: a BytesMut that is empty, and whose earlier bytes are all dropped, takes 32 KB when 32 KB are
# reserved.
# Seen, in bytes that the allocator gives out after a read of 16 KB was handed on and dropped:
#   reserve(32 KB)                                       49152
#   try_reclaim(32 KB), or else with_capacity(32 KB)     32768
# The buffer is the only owner again, so `reserve` grows the old allocation instead of making a new one, and what was
# handed on stays in front. A proxy pays that for each connection whose peer is slow: a first read of 16 KB and later ones
# of 32 KB hold 48 KB. While a handed on piece is still alive, `reserve` makes a new allocation of the right size, so
# a test that keeps what it reads does not see it.
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
bytes = "=1.12.1"
TOML
cat > "$work/src/main.rs" <<'RS'
use bytes::BytesMut;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

struct Counting;
static HELD: AtomicIsize = AtomicIsize::new(0);
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Ordering::SeqCst);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::SeqCst);
        unsafe { System.dealloc(at, layout) }
    }
}
#[global_allocator]
static COUNTING: Counting = Counting;

const FIRST: usize = 16 * 1024;
const LATER: usize = 32 * 1024;

/// What is held after a first read was handed on and dropped, and room for a later one was made. Without the few bytes
/// by which owners share a buffer.
fn held(make_room: fn(&mut BytesMut)) -> isize {
    let before = HELD.load(Ordering::SeqCst);
    let mut buffer = BytesMut::with_capacity(FIRST);
    buffer.resize(FIRST, 0);
    drop(buffer.split_to(FIRST).freeze());
    make_room(&mut buffer);
    assert!(buffer.is_empty() && buffer.capacity() >= LATER);
    (HELD.load(Ordering::SeqCst) - before) / 1024 * 1024
}

fn main() {
    let reserved = held(|buffer| buffer.reserve(LATER));
    let made = held(|buffer| {
        if !buffer.try_reclaim(LATER) {
            *buffer = BytesMut::with_capacity(LATER);
        }
    });
    println!("reserve: {reserved}   try_reclaim or with_capacity: {made}");
    std::process::exit(i32::from((reserved, made) != (48 * 1024, 32 * 1024)));
}
RS
cd "$work"
cargo run --quiet 2> log || { tail -n 3 log >&2; echo "the behaviour has changed" >&2; exit 1; }

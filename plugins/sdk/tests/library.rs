//! What a loaded library does to its own copy of the standard library: panic hook, `tracing`, and
//! the parking of a thread that panics twice. A process of its own, because both are global.
#![cfg(test)]

use plugins_sdk::{
    CarrierAuth, Context, Credential, Result, SignOut, SignRequest,
    abi::{ABI_MAJOR, Begin, Bytes, Host, Plugin, Sink, Status},
    boundary::enter_library,
};
use std::{
    env,
    io::Read,
    process::{Command, Stdio},
    ptr,
    sync::{Condvar, Mutex, PoisonError, mpsc},
    time::Duration,
};

/// Set in the child process that panics twice.
const CHILD: &str = "WAYBILL_SDK_TEST_CHILD";

/// What the child says at its end.
const ALIVE: &str = "alive after a double panic";

static LOG: Mutex<Vec<(u32, String)>> = Mutex::new(Vec::new());
static LOGGED: Condvar = Condvar::new();

unsafe extern "C" fn log(level: u32, message: Bytes) {
    // SAFETY: the plugin lends the text for the call.
    let text = String::from_utf8_lossy(unsafe { message.as_slice() }).into_owned();
    LOG.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((level, text));
    LOGGED.notify_all();
}

unsafe extern "C" fn now_unix_ms() -> u64 {
    4_711
}

unsafe extern "C" fn random(dst: *mut u8, len: usize) {
    // SAFETY: the plugin lends `len` writable bytes.
    unsafe { ptr::write_bytes(dst, 7, len) };
}

static HOST: Host = Host {
    struct_size: size_of::<Host>() as u32,
    abi_major: ABI_MAJOR,
    abi_minor: 7,
    reserved: 0,
    log: Some(log),
    now_unix_ms: Some(now_unix_ms),
    random: Some(random),
};

/// Waits until the log has such a line, at most ten seconds.
fn wait_for(level: u32, part: &str) -> bool {
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    let missing = |log: &mut Vec<(u32, String)>| {
        !log.iter()
            .any(|(l, text)| *l == level && text.contains(part))
    };
    let waited = LOGGED.wait_timeout_while(log, Duration::from_secs(10), missing);
    !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
}

struct Noisy;

struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("the second panic");
    }
}

impl CarrierAuth for Noisy {
    type Config = bool;

    fn new(twice: bool) -> Result<Self> {
        if twice {
            let _grenade = Grenade;
            panic!("the first panic");
        }
        Ok(Self)
    }

    const SIGNS: bool = true;

    fn sign(&self, _: &SignRequest<'_>, _: &mut SignOut<'_>) -> Result<()> {
        let _grenade = Grenade;
        panic!("the first panic");
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        let mut drawn = [0; 2];
        cx.random(&mut drawn)?;
        tracing::info!(now = cx.now_unix_ms(), drawn = ?drawn, "hello");
        tracing::error_span!("span").in_scope(|| tracing::trace!("quiet"));
        panic!("once")
    }
}

static PLUGIN: Plugin = plugins_sdk::boundary::table::<Noisy>(b"{}");

fn instance_new(config: &'static str) -> (Status, *mut plugins_sdk::abi::Instance) {
    let mut out = ptr::null_mut();
    let new = PLUGIN.instance_new.unwrap();
    // SAFETY: no sink, and a valid place for the handle.
    let status = unsafe { new(Bytes::new(config.as_bytes()), ptr::null(), &raw mut out) };
    (status, out)
}

#[test]
fn entry_refuses_another_major_and_no_host() {
    let other = Host {
        abi_major: ABI_MAJOR + 1,
        ..HOST
    };
    // SAFETY: a refused table is not kept.
    assert!(unsafe { enter_library(&raw const other, &PLUGIN) }.is_null());
    // SAFETY: null is allowed.
    assert!(unsafe { enter_library(ptr::null(), &PLUGIN) }.is_null());
}

#[test]
fn library_logs_events_and_panics_with_their_place() {
    // SAFETY: static tables.
    let table = unsafe { enter_library(&raw const HOST, &PLUGIN) };
    assert!(ptr::eq(table, &raw const PLUGIN));
    let (status, instance) = instance_new("false");
    assert_eq!(status, Status::OK);
    let begin: *const Begin = ptr::null();
    let sink: *const Sink = ptr::null();
    let mut op = ptr::null_mut();
    // SAFETY: null structs read as empty ones.
    let status = unsafe { PLUGIN.op_begin.unwrap()(instance, begin, sink, &raw mut op) };
    assert_eq!(status, Status::PANIC);
    // SAFETY: handles of this table, freed once.
    unsafe { PLUGIN.op_free.unwrap()(op) };
    // SAFETY: handles of this table, freed once.
    unsafe { PLUGIN.instance_free.unwrap()(instance) };
    assert!(wait_for(3, "hello now=4711 drawn=[7, 7]"));
    assert!(wait_for(5, "quiet"));
    assert!(wait_for(1, "library.rs"), "the panic's place");
    assert!(wait_for(1, "the plugin panicked: once"));
}

/// Pins the standard library's wording, by which the hook knows that an abort is next.
#[test]
#[cfg_attr(miri, ignore = "starts a process")]
fn double_panic_parks_its_thread_and_the_process_lives() {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "double_panic_in_a_child",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.read_to_string(&mut text);
        said.send(text)
    });
    let text = heard
        .recv_timeout(Duration::from_secs(40))
        .unwrap_or_default();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(text.contains(ALIVE), "the child aborted or hung: {text}");
}

#[test]
#[ignore = "the other half of double_panic_parks_its_thread_and_the_process_lives"]
fn double_panic_in_a_child() {
    assert!(env::var_os(CHILD).is_some(), "run by the other test only");
    // SAFETY: static tables.
    assert!(!unsafe { enter_library(&raw const HOST, &PLUGIN) }.is_null());
    std::thread::spawn(|| instance_new("true").0);
    assert!(wait_for(0, "panicked twice"), "aborted or lost");
    assert!(wait_for(1, "the first panic"));
    assert!(wait_for(1, "the second panic"));
    println!("{ALIVE}");
    std::process::exit(0);
}

/// A thread that serves requests must not be parked: its connections would wait for good.
#[test]
#[cfg_attr(miri, ignore = "starts a process")]
fn double_panic_in_a_signature_ends_the_process() {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "double_panic_while_signing", "--ignored"])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let mut ended = None;
    for _ in 0..4_000 {
        ended = child.try_wait().unwrap();
        if ended.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = ended.expect("the thread was parked");
    // By the signal of an abort.
    assert_eq!(ended.code(), None, "{ended}");
}

#[test]
#[ignore = "the other half of double_panic_in_a_signature_ends_the_process"]
fn double_panic_while_signing() {
    assert!(env::var_os(CHILD).is_some(), "run by the other test only");
    // SAFETY: static tables.
    assert!(!unsafe { enter_library(&raw const HOST, &PLUGIN) }.is_null());
    let (_, instance) = instance_new("false");
    let sign = PLUGIN.sign.unwrap();
    // SAFETY: null structs read as empty ones.
    unsafe { sign(instance, ptr::null(), ptr::null()) };
}

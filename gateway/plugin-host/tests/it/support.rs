//! Compiles plugins, keeps folders, plays the carrier.

use gateway_http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use gateway_model::{Clock, Failure, SecretBytes};
use gateway_plugin_host::{
    Authorization, AuthorizationReason, CatalogEntry, Host, Instance, InstanceOptions, Isolation,
    IsolationPolicy, Issued, Plugin, PluginPolicy, WorkerProgram, load_file,
};
use serde_json::json;
use std::{
    collections::HashMap,
    fs,
    future::Future,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    pin::Pin,
    process::Command,
    sync::{Arc, LazyLock, Mutex, OnceLock},
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;

/// A folder of plugins and a cache, both private.
pub(crate) struct Folders {
    pub(crate) plugins: TempDir,
    pub(crate) cache: TempDir,
}

impl Folders {
    pub(crate) fn new() -> Self {
        Self {
            plugins: private_folder(),
            cache: private_folder(),
        }
    }

    pub(crate) fn put(&self, name: &str, library: &[u8]) -> PathBuf {
        let path = self.plugins.path().join(name);
        fs::write(&path, library).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
        path
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.cache.path().join("plugins")
    }

    pub(crate) fn open(&self, library: &[u8], host: &Host) -> CatalogEntry {
        let file = self.put("plugin.so", library);
        load_file(&file, &PluginPolicy::default(), &self.cache(), host)
    }
}

fn private_folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()
        .expect("a folder")
}

/// Compiles `tests/plugins/<source>` with options; the same request is compiled once.
pub(crate) fn compile(source: &str, options: &[&str]) -> Vec<u8> {
    static DONE: LazyLock<Mutex<HashMap<String, Vec<u8>>>> = LazyLock::new(Mutex::default);
    let key = format!("{source} {}", options.join(" "));
    let mut done = DONE.lock().unwrap();
    let compile = || run_compiler(source, options);
    done.entry(key).or_insert_with(compile).clone()
}

fn run_compiler(source: &str, options: &[&str]) -> Vec<u8> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = private_folder();
    let file = out.path().join("out");
    let kind: &[&str] = if options.contains(&"-c") {
        &[]
    } else {
        &["-shared"]
    };
    let output = Command::new("cc")
        .args(["-std=gnu11", "-O1", "-fPIC", "-fvisibility=hidden"])
        .args(kind)
        .arg("-I")
        .arg(here.join("../../plugins/abi/include"))
        .arg(here.join("tests/plugins").join(source))
        .args(options)
        .arg("-o")
        .arg(&file)
        .output()
        .expect("a C compiler named cc");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{source}: {messages}");
    fs::read(file).expect("the library")
}

/// The system's time. Tests of time bring their own clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

pub(crate) fn host() -> Host {
    Host::new(Arc::new(SystemClock))
}

/// The plugin `modes`, loaded once per test binary: its host is not shared with other plugins.
pub(crate) fn modes() -> Plugin {
    load(&compile("modes.c", &[]))
}

/// Loads a library under a host of its own.
pub(crate) fn load(library: &[u8]) -> Plugin {
    static FOLDERS: OnceLock<Folders> = OnceLock::new();
    let folders = FOLDERS.get_or_init(Folders::new);
    static LOCK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = LOCK.lock().unwrap();
    let entry = folders.open(library, &host());
    let plugin = entry.plugin();
    plugin
        .unwrap_or_else(|| panic!("{:?}", entry.reason()))
        .clone()
}

/// Loads a library in a worker process, under a host of its own.
pub(crate) fn load_in_worker(library: &[u8]) -> Plugin {
    load_in_worker_within(library, IsolationPolicy::default().sign_deadline)
}

/// The same with this time for a signature.
pub(crate) fn load_in_worker_within(library: &[u8], sign_deadline: Duration) -> Plugin {
    static FOLDERS: OnceLock<Folders> = OnceLock::new();
    let folders = FOLDERS.get_or_init(Folders::new);
    static LOCK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = LOCK.lock().unwrap();
    let entry = worker_entry_within(folders, library, sign_deadline);
    let plugin = entry.plugin();
    plugin
        .unwrap_or_else(|| panic!("{:?}", entry.reason()))
        .clone()
}

pub(crate) fn worker_entry(folders: &Folders, library: &[u8]) -> CatalogEntry {
    worker_entry_within(folders, library, IsolationPolicy::default().sign_deadline)
}

fn worker_entry_within(folders: &Folders, library: &[u8], sign_deadline: Duration) -> CatalogEntry {
    let file = folders.put("plugin.so", library);
    let policy = PluginPolicy {
        isolation: IsolationPolicy {
            default: Some(Isolation::Process),
            sign_deadline,
            ..IsolationPolicy::default()
        },
        ..PluginPolicy::default()
    };
    load_file(&file, &policy, &folders.cache(), &worker_host())
}

/// A host that can run plugins in processes of their own.
pub(crate) fn worker_host() -> Host {
    host().with_worker_program(WorkerProgram {
        file: env!("CARGO_BIN_EXE_plugin-host-worker").into(),
        arguments: Vec::new(),
        tells_refused_calls: false,
    })
}

pub(crate) fn instance(plugin: &Plugin, mode: &str) -> Instance {
    try_instance(plugin, mode).unwrap()
}

pub(crate) fn try_instance(plugin: &Plugin, mode: &str) -> Result<Instance, Failure> {
    plugin.instance(InstanceOptions::new(json!({"mode": mode})))
}

pub(crate) fn fetch() -> Authorization {
    Authorization {
        reason: AuthorizationReason::Fetch,
        slot: String::new(),
        state: SecretBytes::default(),
        params: Vec::new(),
    }
}

/// Runs one mode of the plugin `modes` in a fresh host, so that its bugs count for nobody else.
pub(crate) async fn run(mode: &str, carrier: &Carrier) -> Result<Issued, Failure> {
    instance(&modes(), mode).authorize(fetch(), carrier).await
}

type Answer = dyn Fn(&HttpRequest) -> Option<Result<HttpResponse, HttpError>> + Send + Sync;

/// Plays the carrier. `None` means that it never answers.
pub(crate) struct Carrier {
    answer: Box<Answer>,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Carrier {
    pub(crate) fn new(
        answer: impl Fn(&HttpRequest) -> Option<Result<HttpResponse, HttpError>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Box::new(answer),
            asked: Mutex::default(),
        }
    }

    /// Answers every request with 200.
    pub(crate) fn friendly() -> Self {
        Self::status(200)
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(move |_| Some(Ok(response(status, b"{}"))))
    }

    pub(crate) fn silent() -> Self {
        Self::new(|_| None)
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

pub(crate) fn response(status: u16, body: &'static [u8]) -> HttpResponse {
    HttpResponse {
        status: status.try_into().unwrap(),
        headers: http::HeaderMap::new(),
        body: body.into(),
    }
}

impl HttpClient for Carrier {
    fn send(
        &self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + '_>> {
        self.asked.lock().unwrap().push(request.url.clone());
        let answer = (self.answer)(&request);
        Box::pin(async move {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}

/// Waits until a condition holds; the bound only ends a test that would never end.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let within = tokio::time::timeout(Duration::from_secs(20), wait).await;
    within.unwrap_or_else(|_| panic!("never: {what}"));
}

//! A signer in a worker process, and a task of the data plane's kind that waits for its signatures.

use benches::now;
use bytes::Bytes;
use gateway_model::{Clock, SignRequest, Signature};
use gateway_plugin_host::{
    Host, Instance, InstanceOptions, Isolation, IsolationPolicy, PluginPolicy, WorkerProgram,
    load_file,
};
use http::{HeaderMap, HeaderValue, Method, header};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    runtime::{Builder, LocalOptions},
    task::spawn_local,
};

/// As long as a Shop request.
const BODY_BYTES: usize = 2_048;

/// The way of a signature.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    SharedMemory,
    Channel,
}

/// A signer and what it signs.
pub(crate) struct Signer {
    pub(crate) name: String,
    instance: Arc<Instance>,
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

impl Signer {
    /// Loads a plugin file in a worker process, which is this program again.
    pub(crate) fn load(name: &str, file: &Path, cache: &Path, way: Way) -> Self {
        let host = Host::new(Arc::new(SystemClock)).with_worker_program(WorkerProgram {
            // Such a worker process has no shared memory.
            tells_refused_calls: matches!(way, Way::Channel),
            ..WorkerProgram::default()
        });
        let policy = PluginPolicy {
            isolation: IsolationPolicy {
                default: Some(Isolation::Process),
                // A busy machine must not end a signer that works.
                sign_deadline: Duration::from_secs(10),
                ..IsolationPolicy::default()
            },
            ..PluginPolicy::default()
        };
        let entry = load_file(file, &policy, cache, &host);
        let reason = entry.reason();
        assert!(reason.is_none(), "{name}: {reason:?}");
        let plugin = entry.plugin().expect("it is active");
        let config = serde_json::json!({"environment": "test", "client_id": "client",
            "client_secret": "0123456789abcdef0123456789abcdef"});
        let instance = plugin.instance(InstanceOptions::new(config));
        Self {
            name: name.to_owned(),
            instance: Arc::new(instance.expect("a valid configuration")),
        }
    }

    /// How long each of so many signatures takes, one after another.
    pub(crate) fn times(&self, count: u64) -> Vec<Duration> {
        let instance = Arc::clone(&self.instance);
        run(async move {
            let request = Request::new();
            let mut times = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
            for _ in 0..count {
                let begin = now();
                assert!(request.signed_by(&instance).await, "a signature");
                times.push(begin.elapsed());
            }
            times
        })
    }

    pub(crate) const fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }
}

/// Runs a task as the data plane does: on a runtime of one thread, which it shares with others.
pub(crate) fn run<R: 'static>(task: impl Future<Output = R> + 'static) -> R {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .expect("a runtime");
    let joined = runtime.block_on(async { spawn_local(task).await });
    joined.expect("the task does not panic")
}

/// What is signed.
pub(crate) struct Request {
    headers: HeaderMap,
    body: [Bytes; 1],
}

impl Request {
    pub(crate) fn new() -> Self {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        Self {
            headers,
            body: [Bytes::from(vec![b'a'; BODY_BYTES])],
        }
    }

    /// False if it was refused.
    pub(crate) async fn signed_by(&self, instance: &Instance) -> bool {
        let signature = instance.signature(&SignRequest {
            method: &Method::POST,
            authority: "api.acme.example",
            path_and_query: "/api/rating/v2409/Shop?additionalinfo=timeintransit",
            headers: &self.headers,
            body: &self.body,
            state: b"0123456789abcdef01234567",
        });
        assert!(matches!(signature, Signature::Pending(_)), "{signature:?}");
        signature.fields().await.is_ok()
    }
}

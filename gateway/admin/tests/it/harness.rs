//! An admin listener over a real socket, with a made-up status.

use gateway_admin::{
    Admin, AdminAccess, AdminOptions, Latch, PluginStatus, PluginWorkerStatus, RuntimeStatus,
};
use gateway_broker::{AccountStatus, BrokerMetrics};
use gateway_control::{ControlPlane, FleetStatus};
use gateway_model::{ClientAddressSource, Clock, Generation, Unavailable, UnavailableReason};
use gateway_proxy::{LATENCY_BOUNDS_US, MetricsSnapshot, SeriesLabels, SeriesSnapshot};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that stands still until a test moves it.
pub(crate) struct Still(Instant, AtomicU64);

impl Still {
    pub(crate) fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).expect("a short time");
        self.1.fetch_add(millis, Ordering::SeqCst);
    }

    fn passed(&self) -> Duration {
        Duration::from_millis(self.1.load(Ordering::SeqCst))
    }
}

impl Clock for Still {
    fn now(&self) -> Instant {
        self.0 + self.passed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000) + self.passed()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an instant has no other constructor"
)]
pub(crate) fn still() -> Arc<Still> {
    Arc::new(Still(Instant::now(), AtomicU64::new(0)))
}

/// A status in which everything works, until a test breaks something.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) account_broken: AtomicBool,
    pub(crate) plugin_broken: AtomicBool,
    /// The account's first token is on its way.
    pub(crate) account_untried: AtomicBool,
    pub(crate) lease_over: AtomicBool,
    /// No series for each account.
    pub(crate) accounts_summed: AtomicBool,
    /// How many accounts there are besides `main`.
    pub(crate) more_accounts: AtomicU64,
}

impl RuntimeStatus for Made {
    fn data_plane(&self) -> MetricsSnapshot {
        let mut latency = vec![0; LATENCY_BOUNDS_US.len() + 1];
        latency[0] = 3;
        latency[LATENCY_BOUNDS_US.len()] = 1;
        MetricsSnapshot {
            statuses: [0, 7, 0, 2, 1],
            errors: vec![("carrier_unreachable", 4)],
            latency,
            latency_sum_us: 1_500_000,
            series: series(),
            accounts: vec![("main".parse().expect("a name"), 9, 2)],
            ..MetricsSnapshot::default()
        }
    }

    fn broker(&self) -> BrokerMetrics {
        let mut broker = BrokerMetrics {
            minted: 5,
            joined: 11,
            ..BrokerMetrics::default()
        };
        broker.failed.rejected = 6;
        broker
    }

    fn accounts(&self) -> Vec<AccountStatus> {
        let broken = self.account_broken.load(Ordering::SeqCst);
        let untried = self.account_untried.load(Ordering::SeqCst);
        let state = match (broken, untried) {
            (true, _) => "rejected",
            (false, true) => "acquiring",
            (false, false) => "fresh",
        };
        let absent = |reason, message: &str| Unavailable {
            reason,
            message: message.into(),
            retry_at: None,
        };
        let unavailable = match (broken, untried) {
            (true, _) => Some(absent(
                UnavailableReason::CredentialsRejected,
                "UPS refused the client secret",
            )),
            (false, true) => Some(absent(UnavailableReason::Pending, "on its way")),
            (false, false) => None,
        };
        let main = AccountStatus {
            account: "main".parse().expect("a name"),
            carrier: "ups".parse().expect("a name"),
            environment: gateway_model::Environment::Test,
            client_id: "planted-client".into(),
            state,
            usable: unavailable.is_none(),
            unavailable,
            generation: Generation(1),
            fingerprint: None,
            issued_at: None,
            expires_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_250)),
            grant: if broken {
                gateway_model::GrantStatus::Spent
            } else {
                gateway_model::GrantStatus::Held
            },
            grant_ends_at: Some(
                SystemTime::UNIX_EPOCH + Duration::from_secs(if broken { 5_000 } else { 990 }),
            ),
            facts: gateway_model::TokenFacts::default(),
            slots: Vec::new(),
            next_attempt_at: None,
            cooling_down_until: None,
            last_result: None,
            failures: 0,
            minted: 5,
            joined: 0,
            served: 0,
            waiting: 0,
        };
        let mut accounts = vec![main];
        for number in 0..self.more_accounts.load(Ordering::SeqCst) {
            accounts.push(AccountStatus {
                account: format!("account-{number}").parse().expect("a name"),
                environment: gateway_model::Environment::Production,
                state: ["fresh", "renewing", "backing_off", "rejected"][number as usize % 4],
                failures: u32::from(number % 4 == 2),
                waiting: 1,
                ..accounts[0].clone()
            });
        }
        accounts
    }

    fn plugins(&self) -> Vec<PluginStatus> {
        let broken = self.plugin_broken.load(Ordering::SeqCst);
        vec![PluginStatus {
            name: "ups".into(),
            file: "/plugins/ups.so".into(),
            version: "0.1.0".into(),
            state: if broken { "faulted" } else { "active" },
            loaded: !broken,
            active: !broken,
            reason: broken.then(|| "this is not an ELF file".into()),
            isolation: Some("process"),
            worker: Some(PluginWorkerStatus {
                running: !broken,
                restarts: 2,
                endings: [("exited", 1), ("signal", 1)].into(),
                last_ending: Some("signal SIGSEGV ended it".into()),
            }),
        }]
    }

    fn account_series(&self) -> bool {
        !self.accounts_summed.load(Ordering::SeqCst)
    }

    fn dropped_log_lines(&self) -> u64 {
        8
    }

    fn notices_open(&self) -> u64 {
        3
    }

    fn fleet(&self) -> Option<FleetStatus> {
        let over = self.lease_over.load(Ordering::SeqCst);
        Some(FleetStatus {
            name: "gateway-1".into(),
            replicas: 2,
            accounts: 7,
            resyncs: 1,
            problem: over.then(|| "the lease of this gateway is over".into()),
        })
    }
}

/// As many combinations as are counted by default, and the overflow.
fn series() -> Vec<SeriesSnapshot> {
    let labels = |route: &str, app: &str, operation: &str| SeriesLabels {
        route: route.to_owned(),
        app: app.to_owned(),
        operation: operation.to_owned(),
    };
    let counted = |labels| SeriesSnapshot {
        labels,
        statuses: [0, 3, 0, 2, 1],
        latency: [1, 0, 0, 0, 2, 2, 0, 1],
        latency_sum_us: 4_500_000,
    };
    let mut series: Vec<_> = (0..98)
        .map(|number| {
            let operation = format!("operation-with-a-long-name.{}", number / 2);
            let app = ["shop", "warehouse"][number % 2];
            counted(labels("/carrier-of-the-north/test", app, &operation))
        })
        .collect();
    series.push(counted(labels("/ups", "shop", "rating.shop")));
    series.push(counted(labels("/ups", "crm", "rating.shop")));
    series.push(counted(labels("(overflow)", "(overflow)", "(overflow)")));
    series
}

/// A running listener.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) runtime: Arc<Made>,
    pub(crate) latch: Latch,
    pub(crate) clock: Arc<Still>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) running: JoinHandle<()>,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The stable code of an error.
    pub(crate) fn code(&self) -> String {
        let code = &json(&self.body)["error"]["code"];
        code.as_str().expect("a code").to_owned()
    }

    /// The value of a field, if it is there.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (have, value) = line.split_once(": ")?;
            have.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A listener without a control plane.
pub(crate) async fn start() -> Server {
    start_with(None, still(), ClientAddressSource::Connection).await
}

pub(crate) async fn start_with(
    control: Option<ControlPlane>,
    clock: Arc<Still>,
    client_address: ClientAddressSource,
) -> Server {
    let (runtime, latch) = (Arc::new(Made::default()), Latch::default());
    let bound = Admin::bind(AdminOptions {
        addr: ([127, 0, 0, 1], 0).into(),
        inherited: None,
        access: AdminAccess {
            hosts: vec!["waybill.internal".into()],
            client_address,
            tls: None,
        },
        runtime: Arc::clone(&runtime) as Arc<dyn RuntimeStatus>,
        latch: latch.clone(),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        control,
    })
    .await
    .expect("port 0 is free");
    let addr = bound.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(bound.run(async {
        let _ = stopped.await;
    }));
    Server {
        addr,
        runtime,
        latch,
        clock,
        stop,
        running,
    }
}

impl Server {
    /// The raw answer to a raw request.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(self.addr).await.expect("it listens");
            // A server that refuses a long content may close before it has read all of it.
            drop(stream.write_all(request.as_bytes()).await);
            let mut answer = Vec::new();
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut chunk).await {
                answer.extend_from_slice(&chunk[..read]);
            }
            String::from_utf8(answer).expect("it answers text")
        };
        timeout(PATIENCE, exchange)
            .await
            .expect("an answer in time")
    }

    /// Status and body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.send("GET", path, "localhost").await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, host: &str) -> (u16, String) {
        let reply = self.ask(method, path, &[("Host", host)], "").await;
        (reply.status, reply.body)
    }

    /// With these fields and no others, but for the length. The answer is for programs.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let reply = self.exchange(method, path, fields, body).await;
        let head = &reply.head;
        assert_eq!(reply.field("cache-control"), Some("no-store"), "{head}");
        assert_eq!(
            reply.field("referrer-policy"),
            Some("no-referrer"),
            "{head}"
        );
        reply
    }

    /// One request and its answer, whatever it is.
    pub(crate) async fn exchange(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let fields: String = fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let answer = self.raw(&request).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        Reply {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|s| s.parse().ok())
                .expect("a status"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

pub(crate) fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect(text)
}

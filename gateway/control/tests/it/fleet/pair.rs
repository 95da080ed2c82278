//! Two gateways in one process, on a private PostgreSQL.

use crate::world::{MovableClock, folder, http, settings, unloaded};
use gateway_broker::Broker;
use gateway_control::{
    Actor, ControlError, ControlPlane, Declared, Fleet, Publisher, RequestHistory, ServingState,
    Settings,
};
use gateway_http_client::HttpClient;
use gateway_model::{AccountId, Secret};
use gateway_store::{MasterKeySource, Store, StoreOptions, StoreUrl};
use gateway_store_testkit::Postgres;
use mock_ups::MockUps;
use std::{io::Write as _, path::PathBuf, pin::Pin, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// What a change may take to serve everywhere.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// What the gateways of a test share.
pub(super) struct Ground {
    pub(super) ups: MockUps,
    pub(super) http: Arc<dyn HttpClient>,
    pub(super) lease: Duration,
    pub(super) postgres: Postgres,
    pub(super) clock: Arc<MovableClock>,
    keys: TempDir,
}

/// A gateway of the fleet.
pub(super) struct Member {
    pub(super) control: ControlPlane,
    pub(super) broker: Arc<Broker>,
    pub(super) store: Store,
    served: watch::Receiver<ServingState>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _folder: TempDir,
}

impl Ground {
    /// None, and a word about it, if the machine has no PostgreSQL.
    pub(super) async fn new(test: &str) -> Option<Self> {
        let Some(postgres) = Postgres::start().expect("PostgreSQL starts") else {
            let _ = writeln!(
                std::io::stderr(),
                "skipped: {test}, because there is no PostgreSQL"
            );
            return None;
        };
        Some(Self {
            ups: MockUps::start().await.expect("a mock"),
            http: http(),
            lease: Duration::from_secs(15),
            postgres,
            clock: Arc::default(),
            keys: folder(),
        })
    }

    pub(super) fn options(&self) -> StoreOptions {
        StoreOptions {
            url: StoreUrl::Postgres(Secret::new(self.postgres.url("postgres"))),
            master_key: MasterKeySource::File(self.key("key")),
            old_keys: Vec::new(),
            listen_url: None,
        }
    }

    /// Where a master key is.
    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    /// Another gateway.
    pub(super) async fn member(&self, name: &str) -> Member {
        self.member_with(name, Declared::default(), |_| {}).await
    }

    pub(super) async fn member_with(
        &self,
        name: &str,
        declared: Declared,
        change: impl FnOnce(&mut Settings),
    ) -> Member {
        let folder = folder();
        let mut settings = settings(&self.ups, &folder);
        settings.fleet = Fleet {
            name: name.to_owned(),
            lease: self.lease,
        };
        change(&mut settings);
        let callback = crate::world::CALLBACK;
        let parts = (&folder, &self.clock, &self.http, &settings, callback);
        let (store, broker, control) = unloaded(parts, &self.options()).await;
        let state = control.load(declared).await.expect("it loads");
        let (publish, served) = watch::channel(state);
        let publisher = Recorder(publish);
        control.attach(Arc::new(publisher), Arc::new(NoRequests));
        let stop = CancellationToken::new();
        let (running, cancel) = (control.clone(), stop.clone());
        let task = tokio::spawn(async move { running.run_fleet(cancel).await });
        Member {
            control,
            broker,
            store,
            served,
            stop,
            task,
            _folder: folder,
        }
    }
}

impl Member {
    /// Waits until it serves what is expected.
    pub(super) async fn serves(&mut self, what: &str, expected: impl FnMut(&ServingState) -> bool) {
        let serving = timeout(SOON, self.served.wait_for(expected)).await;
        if !serving.is_ok_and(|state| state.is_ok()) {
            panic!("{what}: {:?}", *self.served.borrow());
        }
    }

    pub(super) fn state(&self) -> ServingState {
        self.served.borrow().clone()
    }

    /// As `waybill serve` ends.
    pub(super) async fn end(self) {
        self.broker.shutdown(Duration::from_secs(5)).await;
        self.stop.cancel();
        self.task.await.expect("it ends when it is told to");
        self.control.leave_fleet().await;
        self.store.close().await;
    }

    /// It does nothing any more, and tells nobody.
    pub(super) async fn die(self) {
        self.task.abort();
        // The connections stay open, as those of a frozen process do.
        let _cut_off = self.broker.shutdown(Duration::ZERO).await;
        std::mem::forget(self.store);
    }
}

/// Waits until something holds that nobody tells of.
pub(super) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "{what}");
}

pub(super) fn root() -> Actor {
    Actor("root".to_owned())
}

struct Recorder(watch::Sender<ServingState>);

impl Publisher for Recorder {
    fn publish(&self, state: &ServingState, _: Option<&AccountId>) -> Result<(), ControlError> {
        self.0.send_replace(state.clone());
        Ok(())
    }
}

struct NoRequests;

impl RequestHistory for NoRequests {
    fn recent(
        &self,
        _: gateway_api::RequestQuery,
        _: usize,
    ) -> Pin<Box<dyn Future<Output = Vec<gateway_api::RequestView>> + Send + '_>> {
        Box::pin(async { Vec::new() })
    }
}

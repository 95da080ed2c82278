//! Other settings for the workers while they serve.
//!
//! A worker's settings are its own, so it is sent a copy by message and takes it between two requests.

use crate::{settings::Settings, worker::Worker};
use futures_util::future::join_all;
use std::{rc::Rc, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// How long to wait for a worker. One that a plugin holds up takes the settings later.
const PATIENCE: Duration = Duration::from_secs(2);

/// Other settings for a worker.
#[derive(Debug)]
pub(super) struct NewSettings {
    settings: Arc<Settings>,
    taken: oneshot::Sender<()>,
}

/// Replaces the settings of running workers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SettingsHandle {
    pub(super) workers: Arc<[mpsc::Sender<NewSettings>]>,
}

impl SettingsHandle {
    /// Makes these the settings of all workers, for connections and requests that begin from now on. An open
    /// connection keeps its TLS, the bounds of its heads and its number of HTTP/2 streams. The addresses of
    /// the listeners, the number of workers and the key of app tokens stay as they were at the start; there
    /// must be as many listeners as before.
    ///
    /// Returns whether all workers have taken them. One that is held up takes them when it goes on.
    pub async fn replace(&self, settings: Settings) -> bool {
        let settings = Arc::new(settings);
        let told = self.workers.iter();
        let told = told.map(|worker| tell(worker, Arc::clone(&settings)));
        join_all(told).await.into_iter().all(|taken| taken)
    }
}

async fn tell(worker: &mpsc::Sender<NewSettings>, settings: Arc<Settings>) -> bool {
    let (taken, told) = oneshot::channel();
    // A worker that has ended needs none.
    if worker.send(NewSettings { settings, taken }).await.is_err() {
        return true;
    }
    timeout(PATIENCE, told).await.is_ok()
}

/// Takes the settings that a worker is sent.
pub(super) async fn take(worker: Rc<Worker>, mut changes: mpsc::Receiver<NewSettings>) {
    while let Some(NewSettings { settings, taken }) = changes.recv().await {
        worker.reconfigure(Settings::clone(&settings));
        // Whoever asked may be gone.
        let _ = taken.send(());
    }
}

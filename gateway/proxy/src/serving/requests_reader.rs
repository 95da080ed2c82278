//! The last requests of all workers, for whoever asks.
//!
//! A worker's memory is its own, so it is asked by message and answers between two requests.

use crate::{
    request_report::{RequestFilter, RequestReport},
    worker::Worker,
};
use futures_util::future::join_all;
use std::{cmp::Reverse, rc::Rc, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// How long a worker has to answer. One that a plugin holds up must not hold up the answers of the others.
const PATIENCE: Duration = Duration::from_secs(2);

/// A question to a worker.
#[derive(Debug)]
pub(super) struct Inquiry {
    filter: Arc<RequestFilter>,
    answer: oneshot::Sender<Vec<RequestReport>>,
}

/// Reads the last requests of all workers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestsReader {
    pub(super) workers: Arc<[mpsc::Sender<Inquiry>]>,
}

impl RequestsReader {
    /// The last requests that the filter wants, the newest first. Each worker remembers 1000 that succeeded, 1000
    /// that failed, and 1000 that failed before their caller was known.
    pub async fn recent(&self, filter: RequestFilter) -> Vec<RequestReport> {
        let limit = filter.limit;
        let filter = Arc::new(filter);
        let asked = self.workers.iter();
        let asked = asked.map(|worker| ask(worker, Arc::clone(&filter)));
        let answers = join_all(asked).await;
        let mut found: Vec<_> = answers.into_iter().flatten().flatten().collect();
        found.sort_by_key(|request| Reverse(request.ended_at));
        found.truncate(limit);
        found
    }
}

async fn ask(
    worker: &mpsc::Sender<Inquiry>,
    filter: Arc<RequestFilter>,
) -> Option<Vec<RequestReport>> {
    let (answer, answered) = oneshot::channel();
    let exchange = async {
        // A worker that has ended remembers nothing.
        worker.send(Inquiry { filter, answer }).await.ok()?;
        answered.await.ok()
    };
    timeout(PATIENCE, exchange).await.ok().flatten()
}

/// Answers the questions to a worker.
pub(super) async fn answer(worker: Rc<Worker>, mut inquiries: mpsc::Receiver<Inquiry>) {
    while let Some(Inquiry { filter, answer }) = inquiries.recv().await {
        // Whoever asked may be gone.
        let _ = answer.send(worker.recent_requests(&filter));
    }
}

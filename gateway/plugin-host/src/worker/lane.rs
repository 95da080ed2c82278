//! The thread that carries a plugin's signatures to a worker process of their own, so that neither the data
//! plane nor an authorization of the same plugin waits for them, and they wait for neither.

use super::client::{Address, WorkerClient, WorkerInstance};
use crate::sign_call::{SignArgs, SignatureDraft};
use gateway_model::{Failure, FailureClass};
use plugins_abi::Status;
use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// Requests that may wait for their signatures; with more, the worker process is too slow.
const MAX_QUEUE: usize = 1024;
/// For the thread: it calls nothing but the channel.
const STACK: usize = 256 << 10;

/// What a signature's call returned.
pub(crate) type Signed = Result<(Status, SignatureDraft), Failure>;

/// The way to the worker process that signs.
pub(crate) struct SignLane {
    client: Arc<WorkerClient>,
    jobs: mpsc::SyncSender<Job>,
    deadline: Duration,
}

enum Job {
    Prepare(Arc<WorkerInstance>),
    Sign {
        instance: Arc<WorkerInstance>,
        args: SignArgs,
        answer: oneshot::Sender<Signed>,
    },
    Free(Address),
}

impl SignLane {
    /// A lane with a thread of its own, which ends with the lane.
    pub(crate) fn start(client: Arc<WorkerClient>, deadline: Duration) -> io::Result<Self> {
        let (jobs, taken) = mpsc::sync_channel(MAX_QUEUE);
        let carrier = Arc::clone(&client);
        thread::Builder::new()
            .name("plugin-sign".into())
            .stack_size(STACK)
            .spawn(move || carry(&carrier, &taken, deadline))?;
        Ok(Self {
            client,
            jobs,
            deadline,
        })
    }

    pub(crate) const fn client(&self) -> &Arc<WorkerClient> {
        &self.client
    }

    /// Queues a request. The promise is settled within the deadline, also when the worker hangs.
    pub(crate) fn sign(
        &self,
        instance: &Arc<WorkerInstance>,
        args: SignArgs,
    ) -> impl Future<Output = Signed> + Send + 'static {
        let (answer, answered) = oneshot::channel();
        let instance = Arc::clone(instance);
        let queued = self.jobs.try_send(Job::Sign {
            instance,
            args,
            answer,
        });
        let (queued, deadline) = (queued.is_ok(), self.deadline);
        async move {
            if !queued {
                return Err(late("too many requests wait for their signatures"));
            }
            match tokio::time::timeout(deadline, answered).await {
                Ok(Ok(signed)) => signed,
                Ok(Err(_)) => Err(late("the signer was taken out of use")),
                Err(_) => {
                    let limit = deadline.as_millis();
                    Err(late(&format!("no signature came within {limit} ms")))
                }
            }
        }
    }

    /// Makes an instance before the first request wants it.
    pub(crate) fn prepare(&self, instance: Arc<WorkerInstance>) {
        // When the queue is full, the first request makes it.
        let _ = self.jobs.try_send(Job::Prepare(instance));
    }

    /// Gives an instance back.
    pub(crate) fn free(&self, instance: &WorkerInstance) {
        if let Some(address) = self.client.living_instance(instance) {
            // When the queue is full, the instance stays until the worker ends.
            let _ = self.jobs.try_send(Job::Free(address));
        }
    }
}

fn carry(client: &Arc<WorkerClient>, jobs: &mpsc::Receiver<Job>, deadline: Duration) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Prepare(instance) => client.prepare(&instance),
            // Nobody waits for it any more.
            Job::Sign { answer, .. } if answer.is_closed() => {}
            Job::Sign {
                instance,
                args,
                answer,
            } => {
                let _ = answer.send(client.sign(&instance, &args, deadline));
            }
            Job::Free(address) => client.instance_free(address),
        }
    }
}

/// A passing failure: the next request may be signed.
fn late(message: &str) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, "signature_late", message);
    failure.retry_after = Some(Duration::from_secs(1));
    failure
}

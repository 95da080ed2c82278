//! The way to a worker process for signatures alone, so that neither the data plane nor an authorization of the
//! same plugin waits for them, and they wait for neither.
//!
//! A signature goes through shared memory (`ring`). A thread does what takes longer: it starts the worker process
//! again, makes and frees instances, and carries over the channel what has no place in the memory.

use super::{
    client::{Address, WorkerClient, WorkerInstance},
    codec::write_request,
    ring::late,
};
use crate::{
    Signing,
    health::Health,
    sign_call::{SignatureDraft, conclude, not_sent},
};
use gateway_model::{Failure, PendingSignature, SecretBytes, SignRequest, SignatureFields};
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
type Signed = Result<(Status, SignatureDraft), Failure>;

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
        request: SecretBytes,
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

    /// Signs a request. The promise is settled within the deadline, also when the worker hangs.
    pub(crate) fn sign(
        &self,
        instance: &Arc<WorkerInstance>,
        request: &SignRequest<'_>,
        wanted: &Signing,
    ) -> PendingSignature {
        let shared = self.client.submit(instance, request, wanted);
        shared.unwrap_or_else(|| {
            // Copied: the request goes on to live here, and the signature is made elsewhere.
            let mut copy = Vec::new();
            write_request(&mut copy, request, wanted);
            let signed = self.queue(Arc::clone(instance), SecretBytes::new(copy));
            let health = Arc::clone(self.client.health());
            PendingSignature::new(async move { settle(&health, signed.await) })
        })
    }

    fn queue(
        &self,
        instance: Arc<WorkerInstance>,
        request: SecretBytes,
    ) -> impl Future<Output = Signed> + Send + 'static {
        let (answer, answered) = oneshot::channel();
        let queued = self.jobs.try_send(Job::Sign {
            instance,
            request,
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
                request,
                answer,
            } => {
                let _ = answer.send(client.sign(&instance, &request, deadline));
            }
            Job::Free(address) => client.instance_free(address),
        }
    }
}

fn settle(health: &Health, signed: Signed) -> Result<SignatureFields, Failure> {
    let concluded = signed.and_then(|(status, draft)| conclude(health, status, draft));
    concluded.map_err(not_sent)
}

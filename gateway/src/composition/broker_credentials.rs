//! Joins the data plane to the broker, or to none while another process has the store.

use gateway_broker::Handle;
use gateway_model::{AccountId, Clock, Demanded, Generation, Unavailable, UnavailableReason};
use gateway_proxy::{BoxFuture, CredentialSource, RenewalOutcome};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// How long a request waits for a token.
pub(super) struct AcquireWait(AtomicU64);

impl AcquireWait {
    pub(super) fn new(wait: Duration) -> Self {
        let new = Self(AtomicU64::new(0));
        new.set(wait);
        new
    }

    pub(super) fn set(&self, wait: Duration) {
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// What the data plane knows of the broker: the two slow paths.
pub(super) struct BrokerCredentials {
    broker: watch::Receiver<Tokens>,
    clock: Arc<dyn Clock>,
    wait: Arc<AcquireWait>,
}

/// Where tokens come from that are not in memory.
#[derive(Clone)]
pub(super) enum Tokens {
    /// This process' broker.
    Broker(Handle),
    /// Another process is about to take over. If it fails, this one has a broker again, so a demand waits.
    Undecided,
    /// Another process has taken over.
    Elsewhere,
}

/// Gives the data plane its broker, and takes it away.
pub(super) type BrokerSwitch = watch::Sender<Tokens>;

impl BrokerCredentials {
    pub(super) fn new(
        broker: Handle,
        clock: Arc<dyn Clock>,
        wait: Arc<AcquireWait>,
    ) -> (Self, BrokerSwitch) {
        let (switch, broker) = watch::channel(Tokens::Broker(broker));
        let credentials = Self {
            broker,
            clock,
            wait,
        };
        (credentials, switch)
    }
}

/// The broker, as soon as it is known whether this process has one.
async fn present(
    mut broker: watch::Receiver<Tokens>,
    account: &AccountId,
    patience: Duration,
) -> Result<Handle, Unavailable> {
    let decided = broker.wait_for(|tokens| !matches!(tokens, Tokens::Undecided));
    // The sender ends with the gateway.
    let decided = tokio::time::timeout(patience, decided)
        .await
        .map(|it| it.ok());
    if let Ok(Some(decided)) = decided
        && let Tokens::Broker(broker) = &*decided
    {
        return Ok(broker.clone());
    }
    Err(Unavailable {
        reason: UnavailableReason::Pending,
        message: format!(
            "no token for account {account} in this process, from which another one takes over; \
             try again over a new connection"
        ),
        retry_at: None,
    })
}

impl CredentialSource for BrokerCredentials {
    fn acquire(&self, account: &AccountId) -> BoxFuture<Demanded<()>> {
        let (broker, account) = (self.broker.clone(), account.clone());
        // From now on, not from when the future is first polled.
        let (deadline, wait) = (self.deadline(), self.wait.get());
        Box::pin(async move {
            match present(broker, &account, wait).await {
                Ok(broker) => broker.demand(&account, deadline).await,
                Err(why) => Err(why).into(),
            }
        })
    }

    fn unauthorized(
        &self,
        account: &AccountId,
        generation: Generation,
    ) -> BoxFuture<Demanded<RenewalOutcome>> {
        let (broker, account) = (self.broker.clone(), account.clone());
        let (deadline, wait) = (self.deadline(), self.wait.get());
        Box::pin(async move {
            let broker = match present(broker, &account, wait).await {
                Ok(broker) => broker,
                Err(why) => return Err(why).into(),
            };
            let demanded = broker.demand_newer(&account, generation, deadline).await;
            demanded.map(|outcome| match outcome {
                gateway_broker::RenewalOutcome::Renewed => RenewalOutcome::Renewed,
                // How long it lasts does not matter there: the carrier's refusal goes to the app.
                gateway_broker::RenewalOutcome::CoolingDown { .. } => RenewalOutcome::Unchanged,
            })
        })
    }
}

impl BrokerCredentials {
    fn deadline(&self) -> Instant {
        self.clock.now() + self.wait.get()
    }
}

//! Joins the data plane to the broker, or to none while another process has the store.

use gateway_broker::Handle;
use gateway_model::{AccountId, Clock, Generation, Unavailable, UnavailableReason};
use gateway_proxy::{BoxFuture, CredentialSource, RenewalOutcome};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// What the data plane knows of the broker: the two slow paths.
pub(super) struct BrokerCredentials {
    broker: watch::Receiver<Option<Handle>>,
    clock: Arc<dyn Clock>,
    wait: Duration,
}

/// Gives the data plane its broker, and takes it away.
pub(super) type BrokerSwitch = watch::Sender<Option<Handle>>;

impl BrokerCredentials {
    pub(super) fn new(
        broker: Handle,
        clock: Arc<dyn Clock>,
        wait: Duration,
    ) -> (Self, BrokerSwitch) {
        let (switch, broker) = watch::channel(Some(broker));
        let credentials = Self {
            broker,
            clock,
            wait,
        };
        (credentials, switch)
    }
}

/// The broker of this moment. While there is none, a demand waits: a hand-over takes a fraction of a second,
/// and if it fails, this process has a broker again.
async fn present(
    mut broker: watch::Receiver<Option<Handle>>,
    account: &AccountId,
    patience: Duration,
) -> Result<Handle, Unavailable> {
    let found = broker.wait_for(Option::is_some);
    let found = tokio::time::timeout(patience, found).await;
    // The sender ends with the gateway.
    let found = found.ok().and_then(Result::ok);
    found.and_then(|found| found.clone()).ok_or_else(|| Unavailable {
        reason: UnavailableReason::Pending,
        message: format!(
            "no token for account {account}: another process takes over from this one; try again"
        ),
        retry_at: None,
    })
}

impl CredentialSource for BrokerCredentials {
    fn acquire(&self, account: &AccountId) -> BoxFuture<Result<(), Unavailable>> {
        let (broker, account) = (self.broker.clone(), account.clone());
        // From now on, not from when the future is first polled.
        let (deadline, wait) = (self.deadline(), self.wait);
        Box::pin(async move {
            let broker = present(broker, &account, wait).await?;
            broker.acquire(&account, deadline).await
        })
    }

    fn unauthorized(
        &self,
        account: &AccountId,
        generation: Generation,
    ) -> BoxFuture<Result<RenewalOutcome, Unavailable>> {
        let (broker, account) = (self.broker.clone(), account.clone());
        let (deadline, wait) = (self.deadline(), self.wait);
        Box::pin(async move {
            let broker = present(broker, &account, wait).await?;
            Ok(
                match broker.unauthorized(&account, generation, deadline).await? {
                    gateway_broker::RenewalOutcome::Renewed => RenewalOutcome::Renewed,
                    // How long it lasts does not matter there: the carrier's refusal goes to the app.
                    gateway_broker::RenewalOutcome::CoolingDown { .. } => RenewalOutcome::Unchanged,
                },
            )
        })
    }
}

impl BrokerCredentials {
    fn deadline(&self) -> Instant {
        self.clock.now() + self.wait
    }
}

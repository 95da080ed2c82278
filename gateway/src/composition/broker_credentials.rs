//! Joins the data plane to the broker.

use gateway_broker::Handle;
use gateway_model::{AccountId, Clock, Generation, Unavailable};
use gateway_proxy::{BoxFuture, CredentialSource, RenewalOutcome};
use std::{sync::Arc, time::Duration};

/// What the data plane knows of the broker: the two slow paths.
pub(super) struct BrokerCredentials {
    broker: Handle,
    clock: Arc<dyn Clock>,
    wait: Duration,
}

impl BrokerCredentials {
    pub(super) fn new(broker: Handle, clock: Arc<dyn Clock>, wait: Duration) -> Self {
        Self {
            broker,
            clock,
            wait,
        }
    }
}

impl CredentialSource for BrokerCredentials {
    fn acquire(&self, account: &AccountId) -> BoxFuture<Result<(), Unavailable>> {
        let (broker, account) = (self.broker.clone(), account.clone());
        // From now on, not from when the future is first polled.
        let deadline = self.clock.now() + self.wait;
        Box::pin(async move { broker.acquire(&account, deadline).await })
    }

    fn unauthorized(
        &self,
        account: &AccountId,
        generation: Generation,
    ) -> BoxFuture<Result<RenewalOutcome, Unavailable>> {
        let (broker, account) = (self.broker.clone(), account.clone());
        let deadline = self.clock.now() + self.wait;
        Box::pin(async move {
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

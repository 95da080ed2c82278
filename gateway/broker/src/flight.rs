//! One token call: what it needs, and what it returned.
//!
//! Nothing here changes an account. A flight returns a [`FlightOutcome`], and the driver decides
//! what follows from it.

use crate::{AccountSpec, Transport, context::BrokerContext, flight_span, slot::SlotState};
use futures_util::FutureExt as _;
use gateway_model::{Failure, FailureClass, SpanContext};
use gateway_plugin_host::{Authorization, AuthorizationReason, Issued};
use gateway_token::{FlightId, RequestCause};
use std::{panic::AssertUnwindSafe, time::SystemTime};

/// Why a token is requested, and by which flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlightPlan {
    pub(crate) id: FlightId,
    pub(crate) cause: RequestCause,
}

/// Everything that a flight needs, taken from the account when it started.
pub(crate) struct FlightInputs {
    plan: FlightPlan,
    spec: AccountSpec,
    span: Option<SpanContext>,
    authorization: Authorization,
}

/// What a flight returned.
pub(crate) struct FlightOutcome {
    pub(crate) plan: FlightPlan,
    /// The account as it was when the request began. If the client secret changed since then, the
    /// token is worthless and must not be kept as what the new secret brought.
    pub(crate) spec: AccountSpec,
    /// Its span, if it is traced.
    pub(crate) span: Option<SpanContext>,
    /// When the request began; lifetimes count from here.
    pub(crate) began_at: SystemTime,
    pub(crate) result: Result<Issued, Failure>,
}

/// A failure of the gateway's own, before anything was sent.
pub(crate) fn not_sent(code: &str, message: &str) -> Failure {
    let mut failure = Failure::new(FailureClass::Transient, code, message);
    failure.certainly_not_sent = true;
    failure
}

impl FlightInputs {
    /// Copies what the flight needs, because the account may change while it is out.
    pub(crate) fn prepare(
        context: &BrokerContext,
        state: &mut SlotState,
        plan: FlightPlan,
    ) -> Self {
        // Counted where the lock is held, so that no flight is ever seen without its count.
        context.metrics.requested.up();
        context.metrics.in_flight.up();
        // Known from here on, so that those who wait can tell what they waited for.
        state.flown = context.new_span();
        Self {
            plan,
            span: state.flown,
            spec: state.spec.clone(),
            authorization: Authorization {
                reason: reason(state, plan.cause),
                slot: state.spec.slot.clone(),
                state: state.plugin_state.clone(),
                params: Vec::new(),
            },
        }
    }

    /// Makes the call.
    pub(crate) async fn fly(self, context: &BrokerContext, transport: Transport) -> FlightOutcome {
        // Before the call: lifetimes count from the request, the careful end.
        let began_at = context.clock.wall();
        let transport = flight_span::traced(context, self.span, &self.spec, transport);
        let result = call(context, &self.spec, self.authorization, transport).await;
        context.metrics.in_flight.down();
        let outcome = FlightOutcome {
            plan: self.plan,
            spec: self.spec,
            span: self.span,
            began_at,
            result,
        };
        flight_span::record(context, &outcome, context.clock.wall());
        outcome
    }
}

/// The plugin's word for the cause.
fn reason(state: &SlotState, cause: RequestCause) -> AuthorizationReason {
    match cause {
        RequestCause::Unauthorized => AuthorizationReason::UpstreamRejected,
        RequestCause::First
        | RequestCause::Due
        | RequestCause::Retry
        | RequestCause::Probe
        | RequestCause::KeepAlive
        | RequestCause::LastChance
        | RequestCause::Operator
        | RequestCause::Changed => {
            if state.lifecycle().state().token().is_some() {
                AuthorizationReason::Refresh
            } else {
                AuthorizationReason::Fetch
            }
        }
    }
}

/// One authorization, with a deadline, and with a panic read as the plugin's fault.
async fn call(
    context: &BrokerContext,
    spec: &AccountSpec,
    authorization: Authorization,
    transport: Transport,
) -> Result<Issued, Failure> {
    let limit = context.config().authorize_timeout;
    let authorized = async {
        // The semaphore is never closed; without a permit the call would still be correct.
        let _permit = context.authorizations.acquire().await;
        let call = async { spec.authorizer.authorize(authorization, transport).await };
        // The deadline counts from the permit: waiting for a turn is not the carrier's fault.
        tokio::time::timeout(limit, AssertUnwindSafe(call).catch_unwind()).await
    };
    let result = tokio::select! {
        // A result that is there counts even if the broker is cut off at the same moment.
        biased;
        result = authorized => result,
        () = context.cut_off.cancelled() => {
            return Err(Failure::new(
                FailureClass::Transient, "shutting_down", "the gateway shut down during the call",
            ));
        }
    };
    match result {
        // Such a credential would let requests go out without one.
        Ok(Ok(Ok(issued))) if issued.headers.is_empty() => Err(Failure::new(
            FailureClass::Bug,
            "no_headers",
            "the carrier's plugin issued a credential with nothing to put on a request",
        )),
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => {
            tracing::error!(account = %spec.account, "the authorizer panicked");
            Err(Failure::new(
                FailureClass::Bug,
                "panic",
                "the carrier's plugin panicked",
            ))
        }
        Err(_elapsed) => {
            let seconds = limit.as_secs_f32();
            let message = format!("the authorization took longer than {seconds} s");
            Err(Failure::new(FailureClass::Transient, "timeout", message))
        }
    }
}

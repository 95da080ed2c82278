//! Whether a token call may start. It may not while the broker stops, or when the OAuth client's budget is
//! used up.

use crate::{AccountSpec, context::BrokerContext, flight::not_sent, unavailable::OVER_BUDGET};
use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gateway_model::Failure;
use gateway_token::RequestCause;
use std::time::{Duration, Instant};

/// Asks this gateway's own budget.
pub(crate) fn admit(
    context: &BrokerContext,
    spec: &AccountSpec,
    cause: RequestCause,
    now: Instant,
) -> Result<(), Failure> {
    // Before the budget: a refusal because of the end must not cost a token.
    may_start(context)?;
    judged(context, spec, cause, context.take_budget(spec, now))
}

/// Asks the budget that all gateways share.
pub(crate) async fn admit_in_fleet(
    context: &BrokerContext,
    spec: &AccountSpec,
    cause: RequestCause,
) -> Result<(), Failure> {
    may_start(context)?;
    let (client, policy) = (client_digest(spec), context.config().mint_budget);
    let taken = match context.ledger.take_budget(&client, policy).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::debug!(account = %spec.account, %error, "the shared mint budget was not asked");
            context.take_budget(spec, context.clock.now())
        }
    };
    judged(context, spec, cause, taken)
}

/// Refuses while the broker stops.
pub(crate) fn may_start(context: &BrokerContext) -> Result<(), Failure> {
    if context.stopping.is_cancelled() {
        return Err(not_sent("shutting_down", "the gateway is shutting down"));
    }
    Ok(())
}

fn judged(
    context: &BrokerContext,
    spec: &AccountSpec,
    cause: RequestCause,
    taken: Result<(), Duration>,
) -> Result<(), Failure> {
    let Err(wait) = taken else {
        return Ok(());
    };
    context.metrics.over_budget.up();
    tracing::warn!(
        account = %spec.account, client_id = %spec.client_id, reason = cause.as_str(),
        "the mint budget of the OAuth client is used up: something asks for far more \
         tokens than its accounts need"
    );
    let mut failure = not_sent(
        OVER_BUDGET,
        "the gateway's own limit on token requests of this OAuth client is reached",
    );
    failure.retry_after = Some(wait);
    Err(failure)
}

/// Names an OAuth client in the ledger without showing it there.
fn client_digest(spec: &AccountSpec) -> String {
    let mut digest = Context::new(&SHA256);
    for part in [
        spec.carrier.as_str(),
        spec.environment.as_str(),
        &spec.client_id,
    ] {
        // The length in front keeps "ab" + "c" apart from "a" + "bc".
        digest.update(&(part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(digest.finish())
}

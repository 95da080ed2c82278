//! Whose turn it is to request a token. Of all gateways on a ledger, only the account's owner requests one;
//! the others ask the owner and wait.

use crate::{
    LedgerError, admission,
    context::BrokerContext,
    flight::{FlightPlan, not_sent},
    grant_record,
    recovery::recover,
    remote_wait::{RemoteSignal, RemoteWait},
    slot::{Owner, Slot, SlotState},
    unavailable::{NOT_RECORDED, OUTCOME_UNKNOWN, OWNER_SILENT, TOKEN_KEPT},
};
use gateway_model::{Failure, FailureClass, GrantKind, GrantStatus, IntentId};
use gateway_store::{Claim, DemandCause, GrantRecord, ReplicaId};
use gateway_token::{FlightCurrency, RequestCause};
use std::time::{Duration, Instant};

/// What a flight has to do after the account's owner is known.
pub(crate) enum Turn {
    /// This gateway requests the token.
    Ours,
    /// The ledger is ahead of this gateway.
    Newer(Box<GrantRecord>, Renewer),
    /// There is no newer token, and this gateway takes over what is known of the one that it has.
    Kept(Box<GrantRecord>, Renewer, Failure),
    /// The flight ends without a token.
    Failed(Failure),
    /// The lifecycle no longer wants the flight.
    Over,
}

/// Who renews a token that is adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewer {
    /// This gateway.
    This,
    /// Another one; this gateway stands by.
    Another,
}

/// Waits until it is known who requests the token, and if that is another gateway, for what comes of it.
pub(crate) async fn turn(context: &BrokerContext, slot: &Slot, plan: FlightPlan) -> Turn {
    let config = context.config();
    // An owner that dies while its request is out is waited for as well.
    let patience = config.authorize_timeout + config.lease;
    let deadline = context.clock.now() + patience;
    let mut asked = false;
    loop {
        if let Some(end) = no_longer_wanted(slot, plan) {
            return end;
        }
        // A message about a newer token may have been lost.
        if asked && let Some(newer) = newer(context, slot).await {
            return Turn::Newer(Box::new(newer), Renewer::Another);
        }
        let claimed = context.ledger.claim(slot.cell.account()).await;
        let owner = match claimed {
            Ok(Claim::Theirs { owner }) => owner,
            Ok(Claim::Mine) => return arrive(context, slot, plan, None).await,
            Ok(Claim::Taken { settled_in }) => {
                return arrive(context, slot, plan, Some(settled_in)).await;
            }
            Err(error) => return unclaimed(context, slot, &error),
        };
        slot.lock().owner = Owner::Another;
        let by_itself = !asked && comes_by_itself(slot, plan.cause);
        asked = true;
        match ask(context, slot, plan, owner, by_itself, deadline).await {
            Asked::Again => {}
            Asked::Ended(turn) => return turn,
        }
    }
}

/// Ends a flight that the lifecycle has given up, or whose credentials are no longer the account's.
fn no_longer_wanted(slot: &Slot, plan: FlightPlan) -> Option<Turn> {
    let state = slot.lock();
    let flight = state.lifecycle().state().flight();
    match flight.filter(|flight| flight.id == plan.id && !state.retired) {
        None => Some(Turn::Over),
        Some(flight) => match flight.currency {
            FlightCurrency::Current => None,
            // The lifecycle then starts another one for the new credentials.
            FlightCurrency::Stale => Some(Turn::Failed(not_sent(
                "credentials_changed",
                "the account's credentials changed before the request was sent",
            ))),
        },
    }
}

/// The record in the ledger, if its version is newer than what this gateway holds.
pub(crate) async fn newer(context: &BrokerContext, slot: &Slot) -> Option<GrantRecord> {
    let loaded = context.ledger.load(slot.cell.account()).await;
    // If it cannot be read now, the next look reads it.
    let record = loaded.ok().flatten()?;
    (record.version > slot.lock().version).then_some(record)
}

/// This gateway is the owner, since just now if `settled_in` says how long a request of the earlier owner may
/// still be under way.
async fn arrive(
    context: &BrokerContext,
    slot: &Slot,
    plan: FlightPlan,
    settled_in: Option<Duration>,
) -> Turn {
    match arrival(context, slot, settled_in) {
        None => Turn::Ours,
        Some(settled_at) => take_over(context, slot, plan, settled_at).await,
    }
}

/// Until when a request of an earlier owner may still be under way; `None` if there is none.
fn arrival(context: &BrokerContext, slot: &Slot, settled_in: Option<Duration>) -> Option<Instant> {
    let mut state = slot.lock();
    let (now, config) = (context.clock.now(), context.config());
    let settled_at = match (settled_in, state.owner) {
        (Some(settled_in), _) => now + settled_in,
        (None, Owner::This) => return None,
        (None, Owner::Arriving { settled_at }) => settled_at,
        // The answer to an earlier claim may have been lost, and an earlier owner may be behind it.
        (None, Owner::Unknown | Owner::Another) => now + config.lease + config.authorize_timeout,
    };
    state.owner = Owner::Arriving { settled_at };
    Some(settled_at)
}

/// Takes over what an earlier owner left. An open intent is never presented: its answer is read if there is
/// one, and without one the grant is in doubt.
async fn take_over(
    context: &BrokerContext,
    slot: &Slot,
    plan: FlightPlan,
    settled_at: Instant,
) -> Turn {
    loop {
        let record = match context.ledger.load(slot.cell.account()).await {
            Ok(record) => record,
            Err(error) => return Turn::Failed(no_ledger(&error)),
        };
        let left = record.filter(|record| is_news(context, &slot.lock(), record));
        let Some(record) = left else {
            slot.lock().owner = Owner::This;
            return Turn::Ours;
        };
        if !grant_record::is_open(&record) {
            return taken_over(slot, record);
        }
        let now = context.clock.now();
        if settled_at <= now {
            return recovered(context, slot, record).await;
        }
        // The earlier owner's request may still bring an answer until then.
        if let Asked::Ended(end) = settle(context, slot, plan, settled_at - now).await {
            return end;
        }
    }
}

/// Whether the record holds what this gateway does not know.
pub(crate) fn is_news(context: &BrokerContext, state: &SlotState, record: &GrantRecord) -> bool {
    if record.version != state.version {
        return record.version > state.version;
    }
    let policy = &context.config().policy;
    let kept = grant_record::grant(record, state.spec.grant, policy, &*context.clock);
    grant_record::is_open(record)
        || grant_record::status(&kept) != grant_record::status(state.lifecycle().grant())
}

/// Completes a grant whose answer was recorded after it had been given up, or after its owner's lease had ended, if
/// this gateway is the owner or can become it. `own` is an intent of this gateway, of which no request is under way
/// any more.
pub(crate) async fn late_answer(
    context: &BrokerContext,
    slot: &Slot,
    own: Option<&IntentId>,
) -> Option<Turn> {
    let account = slot.cell.account();
    let settled_in = match context.ledger.claim(account).await {
        Ok(Claim::Mine) => None,
        Ok(Claim::Taken { settled_in }) => Some(settled_in),
        // The owner hears of the answer too.
        Ok(Claim::Theirs { .. }) | Err(_) => return None,
    };
    let settled_at = arrival(context, slot, settled_in);
    let record = context.ledger.load(account).await.ok().flatten()?;
    let intent = record.intent.as_ref()?;
    let given_up = matches!(
        record.status,
        GrantStatus::OutcomeUnknown | GrantStatus::Spent
    );
    // A flight of this gateway takes its own answer in, and finds an earlier owner's by itself.
    let left = settled_at.is_none_or(|at| at <= context.clock.now()) && !slot.lock().in_flight();
    let over = given_up || own == Some(&intent.id) || left;
    // Another answer may have come meanwhile, or a login.
    if !over || intent.answer.is_none() || record.version != slot.lock().version {
        return None;
    }
    Some(recovered(context, slot, record).await)
}

/// Ends the open intent of an earlier owner as after a crash.
async fn recovered(context: &BrokerContext, slot: &Slot, record: GrantRecord) -> Turn {
    // Earlier writes about this account go first.
    let _turn = slot.write_order.lock().await;
    let spec = slot.lock().spec.clone();
    match recover(&spec, record, &*context.ledger, &*context.clock).await {
        Ok(record) => taken_over(slot, record),
        Err(error) => Turn::Failed(no_ledger(&error)),
    }
}

/// What an earlier owner left is this gateway's now.
fn taken_over(slot: &Slot, record: GrantRecord) -> Turn {
    let mut state = slot.lock();
    state.owner = Owner::This;
    // Without any token, callers wait for what the lifecycle makes of the news.
    if record.version > state.version || state.lifecycle().state().token().is_none() {
        return Turn::Newer(Box::new(record), Renewer::This);
    }
    // Nobody who asked for a newer token may be told that it came.
    let why = "the gateway that owned the account before ended while it presented the refresh token, and brought \
               no new token; ask again, and this gateway presents it once more if that may help";
    let failure = Failure::new(FailureClass::Transient, OUTCOME_UNKNOWN, why);
    Turn::Kept(Box::new(record), Renewer::This, failure)
}

/// Whether to look again, or how the flight ended.
enum Asked {
    Again,
    Ended(Turn),
}

/// Lets an earlier owner's request end.
async fn settle(
    context: &BrokerContext,
    slot: &Slot,
    plan: FlightPlan,
    remaining: Duration,
) -> Asked {
    let (wait, signal) = RemoteWait::new(plan.id, None);
    slot.lock().remote = Some(wait);
    if let Some(end) = no_longer_wanted(slot, plan) {
        return Asked::Ended(end);
    }
    tokio::select! {
        // Only dropped, never sent.
        _gone = signal => {}
        () = tokio::time::sleep(remaining) => {}
        () = context.stopping.cancelled() => {}
    }
    end_of_wait(context, slot, plan)
}

/// Whether the owner wants the token as well, and nobody here waits for it. Then the owner is not asked at first: after
/// an outage every gateway wants a token for every account, and as many messages as that would stop all of them.
fn comes_by_itself(slot: &Slot, cause: RequestCause) -> bool {
    match cause {
        RequestCause::First | RequestCause::Due | RequestCause::Retry | RequestCause::KeepAlive => {
            !slot.lock().waiters.any()
        }
        RequestCause::Unauthorized
        | RequestCause::Probe
        | RequestCause::LastChance
        | RequestCause::Operator
        | RequestCause::Changed => false,
    }
}

/// Asks the owner unless the token comes by itself, and waits for what it makes of it. A newer token ends the flight
/// itself.
async fn ask(
    context: &BrokerContext,
    slot: &Slot,
    plan: FlightPlan,
    owner: ReplicaId,
    comes_by_itself: bool,
    deadline: Instant,
) -> Asked {
    let (wait, signal) = RemoteWait::new(plan.id, Some(owner));
    let version = {
        let mut state = slot.lock();
        // Before the demand: its answer may come at once.
        state.remote = Some(wait);
        state.version
    };
    let account = slot.cell.account();
    if !comes_by_itself {
        let cause = demand_cause(plan.cause);
        let demanded = context.ledger.demand(account, version, cause).await;
        if let Err(error) = demanded {
            tracing::debug!(%account, %error, "the account's owner was not asked");
        }
    }
    if let Some(end) = no_longer_wanted(slot, plan) {
        return Asked::Ended(end);
    }
    let remaining = deadline.saturating_duration_since(context.clock.now());
    // Asked again now and then: a message may be lost, and so may the one about the owner's end. Where nobody waits, a
    // look is not worth as much: ten thousand accounts would look every few seconds while their tokens are on the way.
    let lease = context.config().lease;
    let pause = remaining.min(if comes_by_itself { lease } else { lease / 3 });
    let signal = tokio::select! {
        biased;
        signal = signal => signal.ok(),
        () = tokio::time::sleep(pause) => None,
        () = context.stopping.cancelled() => None,
    };
    match signal {
        Some(RemoteSignal::Failed(failure)) => Asked::Ended(refused(context, slot, failure).await),
        Some(RemoteSignal::OwnerEnded) => Asked::Again,
        None if deadline <= context.clock.now() => Asked::Ended(Turn::Failed(silent())),
        None => end_of_wait(context, slot, plan),
    }
}

fn end_of_wait(context: &BrokerContext, slot: &Slot, plan: FlightPlan) -> Asked {
    match (no_longer_wanted(slot, plan), admission::may_start(context)) {
        (Some(end), _) => Asked::Ended(end),
        (None, Err(failure)) => Asked::Ended(Turn::Failed(failure)),
        (None, Ok(())) => Asked::Again,
    }
}

/// What the owner's failure means here.
async fn refused(context: &BrokerContext, slot: &Slot, failure: Failure) -> Turn {
    let loaded = context.ledger.load(slot.cell.account()).await;
    let Some(record) = loaded.ok().flatten() else {
        return Turn::Failed(failure);
    };
    let state = slot.lock();
    if failure.code != TOKEN_KEPT {
        // The failure may have put the grant in doubt. That makes no new version, and the message about it found
        // this gateway waiting.
        if grant_record::is_open(&record) || !is_news(context, &state, &record) {
            return Turn::Failed(failure);
        }
        if record.version > state.version {
            return Turn::Newer(Box::new(record), Renewer::Another);
        }
        return Turn::Kept(Box::new(record), Renewer::Another, failure);
    }
    let policy = &context.config().policy;
    let usable = grant_record::token(&record, &state.spec.key, policy, context.clock.wall());
    match (usable, state.lifecycle().state().token()) {
        (Some(_), Some(_)) => Turn::Kept(Box::new(record), Renewer::Another, failure),
        // Of credentials that reached this gateway after the token.
        (Some(_), None) => Turn::Newer(Box::new(record), Renewer::Another),
        (None, _) => Turn::Failed(failure),
    }
}

/// The ledger does not say who the owner is. The token at hand is used to its end; after that a repeatable
/// grant is presented all the same, because a second token does no harm and none would stop the account.
fn unclaimed(context: &BrokerContext, slot: &Slot, error: &LedgerError) -> Turn {
    let mut state = slot.lock();
    state.owner = Owner::Unknown;
    let away = matches!(error, LedgerError::Failed(_));
    let repeatable = state.spec.grant == GrantKind::ClientCredentials;
    // No later attempt would come before its end.
    let longest = context.config().policy.backoff.transient.max;
    let soon = context.clock.now() + longest;
    let token = state.lifecycle().state().token();
    if away && repeatable && token.is_none_or(|token| token.usable_until <= soon) {
        return Turn::Ours;
    }
    Turn::Failed(no_ledger(error))
}

fn no_ledger(error: &LedgerError) -> Failure {
    let message = format!("which gateway requests the account's tokens could not be read: {error}");
    not_sent(NOT_RECORDED, &message)
}

fn silent() -> Failure {
    not_sent(
        OWNER_SILENT,
        "the gateway that owns the account sent neither a token nor a failure in time",
    )
}

const fn demand_cause(cause: RequestCause) -> DemandCause {
    match cause {
        RequestCause::First => DemandCause::First,
        RequestCause::Due => DemandCause::Due,
        RequestCause::Unauthorized => DemandCause::Unauthorized,
        RequestCause::Retry => DemandCause::Retry,
        RequestCause::Probe => DemandCause::Probe,
        RequestCause::KeepAlive => DemandCause::KeepAlive,
        RequestCause::LastChance => DemandCause::LastChance,
        RequestCause::Operator => DemandCause::Operator,
        RequestCause::Changed => DemandCause::Changed,
    }
}

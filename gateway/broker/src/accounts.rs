//! Changes to the accounts themselves, and the timers that wake them.

use crate::{AccountSpec, context::BrokerContext, driver, slot::Slot, unavailable};
use gateway_model::{CredentialState, GrantKind, SecretBytes};
use gateway_token::Event;
use std::sync::Arc;

/// Timers that are handled before other tasks of the thread get a turn.
const TIMERS_AT_ONCE: u32 = 64;

/// Takes an account's new description over; new credentials withdraw what the old ones brought.
pub(crate) fn replace_spec(context: &Arc<BrokerContext>, slot: &Arc<Slot>, spec: AccountSpec) {
    let mut state = slot.lock();
    let changed = state.spec.key != spec.key;
    state.spec = spec;
    // Its route may allow a last chance now, or no longer.
    state.reconfigure(context.config().policy);
    if changed {
        // A refresh token stays: it belongs to the person's consent and not to the client secret.
        if state.spec.grant == GrantKind::ClientCredentials {
            state.plugin_state = SecretBytes::default();
        }
        driver::feed(context, slot, &mut state, Event::CredentialsChanged);
    }
}

/// Ends an account that was removed.
pub(crate) fn retire(context: &BrokerContext, slot: &Slot) {
    let mut state = slot.lock();
    // Before anything is answered, so that no event starts a flight any more.
    state.retired = true;
    state.remote = None;
    if std::mem::take(&mut state.doubtful) {
        context.note_doubt(slot.cell.account(), false);
    }
    // The queue holds the slot weakly, but a timer of a removed account would still cost a turn.
    context.timers.replace(slot.id, state.wake_at.take(), None);
    let gone = unavailable::unknown_account(slot.cell.account());
    // The cell outlives the account: a worker may hold it until its directory is replaced.
    slot.cell.publish(CredentialState::Absent(gone.clone()));
    state.waiters.release(None, |_| Err(gone.clone()));
}

/// Wakes lifecycles when they asked to be woken, until the broker stops.
pub(crate) async fn run_timers(context: Arc<BrokerContext>) {
    while !context.stopping.is_cancelled() {
        let mut woken = 0_u32;
        while let Some(slot) = context.timers.due(context.clock.now()) {
            // The account may have been removed since its timer was set.
            if let Some(slot) = slot.upgrade() {
                let mut state = slot.lock();
                state.wake_at = None;
                driver::feed(&context, &slot, &mut state, Event::TimerFired);
            }
            woken += 1;
            if woken.is_multiple_of(TIMERS_AT_ONCE) {
                // A storm of renewals must not keep this thread from everything else.
                tokio::task::yield_now().await;
            }
        }
        let next = context.timers.next();
        let sleep = async {
            match next {
                Some(at) => {
                    let wait = at.saturating_duration_since(context.clock.now());
                    tokio::time::sleep(wait).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = context.timers.earlier() => {}
            () = context.stopping.cancelled() => {}
        }
    }
}

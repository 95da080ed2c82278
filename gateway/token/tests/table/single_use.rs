//! A refresh token that works once.

use crate::{effect, play};
use gateway_token::{Event, Grant, Jitter, Lifecycle, Policy, SingleUse, SingleUseStatus};
use std::time::{Duration, Instant};

/// A grant that a crash left with an open intent.
const IN_DOUBT: Grant = Grant::SingleUse(SingleUse {
    status: SingleUseStatus::OutcomeUnknown,
    keep_alive_at: None,
});

/// An account with a single-use refresh token.
fn single_use(script: &str) {
    play(
        Lifecycle::new(Policy::default(), Grant::single_use(None)),
        script,
    );
}

#[test]
fn refresh_token_is_presented_after_its_intent_is_durable() {
    // The lifetime counts from the presentation, not from the intent.
    single_use(
        "0 demand        : record 1 first => acquiring
         0 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh",
    );
    single_use(
        "0 demand        : record 1 first => acquiring
         5 recorded 1    : request 1 first => acquiring
         5 recorded 1    : => acquiring
         6 issued 1 3600 : publish 1 until 3600, wake 2885 => fresh
         2885 timer      : record 2 due, wake 3600 => renewing
         2886 recorded 2 : request 2 due => renewing",
    );
}

#[test]
fn intent_that_cannot_be_recorded_harms_no_grant() {
    // No token call is started; the grant is as it was.
    single_use(
        "0 demand      : record 1 first => acquiring
         0 transient 1 : withdraw transient retry 1, wake 1 => backing_off
         1 timer       : record 2 retry => acquiring",
    );
}

#[test]
fn request_that_was_never_sent_is_repeated() {
    // DNS, connect or TLS failed; the refresh token is unharmed.
    single_use(
        "0 demand       : record 1 first => acquiring
         0 recorded 1   : request 1 first => acquiring
         1 not-sent 1   : withdraw transient retry 2, wake 2 => backing_off
         2 timer        : record 2 retry => acquiring
         2 recorded 2   : request 2 retry => acquiring
         3 not-sent 2   : withdraw transient retry 5, wake 5 => backing_off
         5 timer        : record 3 retry => acquiring",
    );
}

#[test]
fn unknown_outcome_leaves_one_last_chance_just_before_the_end() {
    // The access token goes on serving; then one presentation, and no more.
    single_use(
        "0 demand         : record 1 first => acquiring
         0 recorded 1     : request 1 first => acquiring
         0 issued 1 3600  : publish 1 until 3595, wake 2880 => fresh
         2880 timer       : record 2 due, wake 3595 => renewing
         2880 recorded 2  : request 2 due => renewing
         2890 transient 2 : wake 3535 => fresh
         2891 401 1       : => fresh
         3000 demand      : => fresh
         3535 timer       : record 3 last_chance, wake 3595 => renewing
         3535 recorded 3  : request 3 last_chance => renewing
         3540 transient 3 : => fresh
         3595 timer       : withdraw interaction => rejected
         9999 demand      : => rejected
         9999 operator    : withdraw interaction => rejected
         9999 login       : withdraw changed => vacant
         9999 demand      : record 4 first => acquiring",
    );
}

#[test]
fn last_chance_that_works_saves_the_account() {
    play(
        Lifecycle::new(Policy::default(), IN_DOUBT),
        "0 demand        : record 1 last_chance => acquiring
         0 recorded 1    : request 1 last_chance => acquiring
         1 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         2880 timer      : record 2 due, wake 3595 => renewing",
    );
}

#[test]
fn last_chance_can_be_switched_off() {
    let mut policy = Policy::default();
    policy.last_chance.allowed = false;
    play(
        Lifecycle::new(policy, IN_DOUBT),
        "0 demand   : withdraw interaction => rejected
         9 operator : withdraw interaction => rejected",
    );
}

#[test]
fn refused_refresh_token_is_dead_for_ever() {
    // One call, then a person.
    single_use(
        "0 demand        : record 1 first => acquiring
         0 recorded 1    : request 1 first => acquiring
         1 interaction 1 : withdraw interaction => rejected
         2 demand        : => rejected
         3 operator      : withdraw interaction => rejected
         4 changed       : withdraw changed, withdraw interaction => rejected",
    );
}

#[test]
fn token_and_grant_refused_are_a_changed_password_whichever_is_noticed_first() {
    single_use(
        "0 demand        : record 1 first => acquiring
         0 recorded 1    : request 1 first => acquiring
         1 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         2 401 1         : record 2 unauthorized, wake 3595 => renewing
         2 recorded 2    : request 2 unauthorized => renewing
         3 interaction 2 : withdraw interaction => rejected",
    );
    single_use(
        "0 demand           : record 1 first => acquiring
         0 recorded 1       : request 1 first => acquiring
         1 issued 1 3600    : publish 1 until 3595, wake 2880 => fresh
         2880 timer         : record 2 due, wake 3595 => renewing
         2880 recorded 2    : request 2 due => renewing
         2881 interaction 2 : => fresh
         2882 401 1         : withdraw interaction => rejected",
    );
}

#[test]
fn answer_without_a_new_refresh_token_serves_once() {
    single_use(
        "0 demand        : record 1 first => acquiring
         0 recorded 1    : request 1 first => acquiring
         1 issued-no-refresh 1 3600 : publish 1 until 3595, wake 3595 => fresh
         2 401 1         : => fresh
         3595 timer      : withdraw interaction => rejected",
    );
}

#[test]
fn rotated_refresh_token_survives_a_change_of_the_client_secret() {
    // The answer's token is dropped, its refresh token is not.
    single_use(
        "0 demand        : record 1 first => acquiring
         0 recorded 1    : request 1 first => acquiring
         1 changed       : withdraw changed => acquiring
         2 issued 1 3600 : record 2 credentials_changed => acquiring
         2 recorded 2    : request 2 credentials_changed => acquiring",
    );
}

#[test]
fn login_during_a_refresh_fences_the_old_answer_out() {
    // What happens to the old grant does not touch the new one.
    single_use(
        "0 demand        : record 1 first => acquiring
         0 recorded 1    : request 1 first => acquiring
         1 login         : withdraw changed => vacant
         2 interaction 1 : => vacant
         3 demand        : record 2 first => acquiring
         3 recorded 2    : request 2 first => acquiring",
    );
}

#[test]
fn idle_grant_is_kept_alive() {
    // Nobody asks for a token, and still the grant does not die of age.
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    let start = Instant::now();
    let at = start + Duration::from_secs(1_000);
    let mut lifecycle = Lifecycle::new(Policy::default(), Grant::single_use(Some(at)));
    let mut handle = |now, event| {
        let effects = lifecycle.handle(now, event, Jitter::NONE);
        effects.iter().map(|e| effect(e, start)).collect::<Vec<_>>()
    };
    assert_eq!(handle(start, Event::TimerFired), ["wake 1000"]);
    assert_eq!(handle(at, Event::TimerFired), ["record 1 keep_alive"]);
}

//! What each event does in each state: a case is a list of moments, and every moment says what goes
//! in, what must come out, and which state follows.
//!
//! Read `2880 timer : request 2 due => renewing` as: 2,880 seconds after the start the timer fires,
//! the lifecycle asks for token number 2 because the old one is due, and is then renewing.

use gateway_model::{Failure, FailureClass, Generation};
use gateway_token::{
    Effect, Event, FlightId, Grant, GrantFate, GrantNews, Jitter, Lifecycle, Policy, Why,
};
use std::time::{Duration, Instant};

/// Seconds since the start of a case.
fn seconds(at: Instant, start: Instant) -> f64 {
    at.saturating_duration_since(start).as_secs_f64()
}

fn event(words: &[&str]) -> Event {
    let flight = |at: usize| FlightId(words[at].parse().expect("a flight number"));
    let number = |at: usize| words.get(at).map(|word| word.parse().expect("seconds"));
    let failed = |class, fate| Event::Failed {
        flight: flight(1),
        failure: Failure {
            retry_after: number(2).map(Duration::from_secs),
            ..Failure::new(class, "code", "it failed")
        },
        fate,
    };
    let issued = |grant| Event::Issued {
        flight: flight(1),
        lifetime: number(2).map(Duration::from_secs),
        renew_after: None,
        grant,
    };
    match words[0] {
        "demand" => Event::Demanded,
        "timer" => Event::TimerFired,
        "operator" => Event::OperatorAsked,
        "changed" => Event::CredentialsChanged,
        "login" => Event::Adopted {
            grant: Grant::single_use(None),
            token: None,
        },
        "recorded" => Event::IntentRecorded { flight: flight(1) },
        "401" => Event::Unauthorized {
            generation: Generation(words[1].parse().expect("a number")),
        },
        "issued" => issued(GrantNews::Replaced { lifetime: None }),
        "issued-no-refresh" => issued(GrantNews::Gone),
        "transient" => failed(FailureClass::Transient, GrantFate::Unknown),
        "not-sent" => failed(FailureClass::Transient, GrantFate::Unharmed),
        "rejected" => failed(FailureClass::Rejected, GrantFate::Unharmed),
        "config" => failed(FailureClass::Config, GrantFate::Unharmed),
        "protocol" => failed(FailureClass::Protocol, GrantFate::Unknown),
        "interaction" => failed(FailureClass::Interaction, GrantFate::Refused),
        "bug" => failed(FailureClass::Bug, GrantFate::Unknown),
        other => unreachable!("no event is called {other:?}"),
    }
}

fn effect(effect: &Effect, start: Instant) -> String {
    match effect {
        Effect::RecordIntent { flight, reason } => {
            format!("record {} {}", flight.0, reason.as_str())
        }
        Effect::RequestToken { flight, reason } => {
            format!("request {} {}", flight.0, reason.as_str())
        }
        Effect::Publish {
            generation,
            usable_until,
        } => {
            format!(
                "publish {generation} until {}",
                seconds(*usable_until, start)
            )
        }
        Effect::Withdraw { why, retry_at } => {
            let why = match why {
                Why::Expired => "expired",
                Why::Changed => "changed",
                Why::Failed(failure) => failure.class.as_str(),
            };
            match retry_at {
                Some(at) => format!("withdraw {why} retry {}", seconds(*at, start)),
                None => format!("withdraw {why}"),
            }
        }
        Effect::WakeAt(at) => format!("wake {}", seconds(*at, start)),
    }
}

fn play(mut lifecycle: Lifecycle, script: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    let start = Instant::now();
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (moment, expected) = line.split_once(" : ").expect("a colon");
        let words: Vec<&str> = moment.split_whitespace().collect();
        let now = start + Duration::from_secs_f64(words[0].parse().expect("seconds"));
        let effects = lifecycle.handle(now, event(&words[1..]), Jitter::NONE);
        let effects: Vec<String> = effects.iter().map(|e| effect(e, start)).collect();
        let actual = format!("{} => {}", effects.join(", "), lifecycle.state().as_str());
        assert_eq!(
            actual.trim(),
            expected.trim(),
            "after {moment:?} in\n{script}"
        );
    }
}

/// An account with client credentials.
fn repeatable(script: &str) {
    play(Lifecycle::new(Policy::default(), Grant::Repeatable), script);
}

/// An account with a single-use refresh token.
fn single_use(script: &str) {
    play(
        Lifecycle::new(Policy::default(), Grant::single_use(None)),
        script,
    );
}

#[test]
fn demand_without_a_token_requests_one_and_only_one() {
    // P4, P5: one token per account, whatever the number of callers.
    repeatable(
        "0 demand       : request 1 first => acquiring
         0 demand       : => acquiring
         1 demand       : => acquiring
         2 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         3 demand       : => fresh",
    );
}

#[test]
fn token_is_renewed_before_its_end_and_serves_meanwhile() {
    // P4: a fixed time would be wrong; the lifetime counts from the begin of the request.
    repeatable(
        "0 demand          : request 1 first => acquiring
         10 issued 1 14400 : publish 1 until 14395, wake 11520 => fresh
         11520 timer       : request 2 due, wake 14395 => renewing
         11521 demand      : => renewing
         11521 issued 2 3600 : publish 2 until 15115, wake 14400 => fresh",
    );
}

#[test]
fn late_double_and_foreign_answers_change_nothing() {
    repeatable(
        "0 demand        : request 1 first => acquiring
         1 issued 7 3600 : => acquiring
         1 transient 7   : => acquiring
         2 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         2 issued 1 3600 : => fresh
         2 transient 1   : => fresh
         3 rejected 1    : => fresh
         4 recorded 1    : => fresh
         5 timer         : wake 2880 => fresh",
    );
}

#[test]
fn valid_token_is_used_to_its_end_when_the_carrier_is_down() {
    // P9: neither an expired token, nor a valid one thrown away.
    repeatable(
        "0 demand         : request 1 first => acquiring
         0 issued 1 100   : publish 1 until 95, wake 80 => fresh
         80 timer         : request 2 due, wake 95 => renewing
         81 transient 2   : wake 82 => fresh
         82 timer         : request 3 retry, wake 95 => renewing
         83 transient 3   : wake 85 => fresh
         85 timer         : request 4 retry, wake 95 => renewing
         95 timer         : withdraw expired => acquiring
         96 transient 4   : withdraw transient retry 100, wake 100 => backing_off
         97 demand        : => backing_off
         100 timer        : request 5 retry => acquiring
         101 issued 5 100 : publish 2 until 195, wake 180 => fresh",
    );
}

#[test]
fn expired_token_is_withdrawn_though_the_timer_is_late() {
    // P9
    repeatable(
        "0 demand       : request 1 first => acquiring
         0 issued 1 100 : publish 1 until 95, wake 80 => fresh
         500 demand     : withdraw expired retry 80, request 2 retry => acquiring",
    );
}

#[test]
fn carrier_that_limits_us_is_obeyed_within_bounds() {
    // P4: 429 with Retry-After; a long one is cut (nango #7264).
    repeatable(
        "0 demand          : request 1 first => acquiring
         0 transient 1 40  : withdraw transient retry 42, wake 42 => backing_off
         41 demand         : => backing_off
         42 demand         : request 2 retry => acquiring
         42 transient 2 99999 : withdraw transient retry 672, wake 672 => backing_off",
    );
}

#[test]
fn odd_answers_are_retried_slowly_and_never_overwrite() {
    // P10
    repeatable(
        "0 demand        : request 1 first => acquiring
         0 protocol 1    : withdraw protocol retry 15, wake 15 => backing_off
         15 timer        : request 2 retry => acquiring
         15 protocol 2   : withdraw protocol retry 45, wake 45 => backing_off
         45 timer        : request 3 retry => acquiring
         45 issued 3 100 : publish 1 until 140, wake 125 => fresh
         125 timer       : request 4 due, wake 140 => renewing
         126 protocol 4  : => fresh
         140 timer       : withdraw protocol retry 141, wake 141 => backing_off",
    );
}

#[test]
fn token_with_no_life_left_is_not_published() {
    // P10
    repeatable(
        "0 demand     : request 1 first => acquiring
         0 issued 1 0 : withdraw protocol retry 15, wake 15 => backing_off
         15 timer     : request 2 retry => acquiring
         80 issued 2 60 : withdraw protocol retry 110, wake 110 => backing_off",
    );
}

#[test]
fn useless_answer_leaves_the_old_token_in_place() {
    // P10, P9
    repeatable(
        "0 demand       : request 1 first => acquiring
         0 issued 1 100 : publish 1 until 95, wake 80 => fresh
         80 timer       : request 2 due, wake 95 => renewing
         81 issued 2 0  : => fresh
         82 demand      : => fresh",
    );
}

#[test]
fn one_second_tokens_do_not_spin() {
    repeatable(
        "0 demand       : request 1 first => acquiring
         0 issued 1 1   : publish 1 until 0.9, wake 0.9 => fresh
         0.9 timer      : withdraw expired retry 1, wake 1 => backing_off
         0.95 demand    : => backing_off
         1 timer        : request 2 retry => acquiring",
    );
}

#[test]
fn refused_credentials_are_not_retried_but_every_five_minutes_and_on_demand() {
    // P12: a dead credential is not presented on every request.
    repeatable(
        "0 demand      : request 1 first => acquiring
         0 rejected 1  : withdraw rejected retry 300 => rejected
         1 demand      : => rejected
         299 timer     : => rejected
         300 timer     : => rejected
         301 demand    : request 2 probe => acquiring
         301 rejected 2 : withdraw rejected retry 601 => rejected
         302 operator  : request 3 operator => acquiring
         303 issued 3 3600 : publish 1 until 3897, wake 3182 => fresh",
    );
}

#[test]
fn refusal_of_a_renewal_keeps_the_valid_token() {
    // P9, P12
    repeatable(
        "0 demand        : request 1 first => acquiring
         0 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         2880 timer      : request 2 due, wake 3595 => renewing
         2881 rejected 2 : wake 3181 => fresh
         2882 401 1      : => fresh
         3181 timer      : request 3 probe, wake 3595 => renewing
         3182 config 3   : => fresh
         3595 timer      : withdraw config => rejected
         9999 demand     : => rejected
         9999 operator   : request 4 operator => acquiring",
    );
}

#[test]
fn configuration_and_consent_wait_for_a_person() {
    // P12, P13
    for class in ["config", "interaction"] {
        repeatable(&format!(
            "0 demand     : request 1 first => acquiring
             0 {class} 1  : withdraw {class} => rejected
             99999 demand : => rejected
             99999 timer  : => rejected
             99999 changed : withdraw changed, request 2 credentials_changed => acquiring"
        ));
    }
}

#[test]
fn parallel_401s_start_one_renewal() {
    // P11, P5
    repeatable(
        "0 demand        : request 1 first => acquiring
         0 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         9 401 1         : request 2 unauthorized, wake 3595 => renewing
         9 401 1         : => renewing
         9 401 1         : => renewing
         10 issued 2 3600 : publish 2 until 3604, wake 2889 => fresh
         10 401 1        : => fresh
         10 401 99       : => fresh",
    );
}

#[test]
fn late_401_about_the_token_before_starts_nothing() {
    // O10: no cool-down is needed for it.
    repeatable(
        "0 demand          : request 1 first => acquiring
         0 issued 1 3600   : publish 1 until 3595, wake 2880 => fresh
         2880 timer        : request 2 due, wake 3595 => renewing
         2881 issued 2 3600 : publish 2 until 6475, wake 5760 => fresh
         2882 401 1        : => fresh
         2883 401 2        : request 3 unauthorized, wake 6475 => renewing",
    );
}

#[test]
fn persistent_401_is_not_a_storm() {
    // O10, P1: 250002 because the product is missing; a new token does not help.
    repeatable(
        "0 demand        : request 1 first => acquiring
         0 issued 1 3600 : publish 1 until 3595, wake 2880 => fresh
         10 401 1        : request 2 unauthorized, wake 3595 => renewing
         11 issued 2 3600 : publish 2 until 3605, wake 2890 => fresh
         11 401 2        : => fresh
         69 401 2        : => fresh
         70 401 2        : request 3 unauthorized, wake 3605 => renewing
         71 issued 3 3600 : publish 3 until 3665, wake 2950 => fresh
         189 401 3       : => fresh
         190 401 3       : request 4 unauthorized, wake 3665 => renewing",
    );
}

#[test]
fn unauthorized_during_back_off_starts_nothing() {
    repeatable(
        "0 demand        : request 1 first => acquiring
         0 issued 1 100  : publish 1 until 95, wake 80 => fresh
         80 timer        : request 2 due, wake 95 => renewing
         81 transient 2  : wake 82 => fresh
         81.5 401 1      : => fresh",
    );
}

#[test]
fn changed_credentials_purge_what_the_old_ones_brought() {
    // P23: the token is withdrawn at once, and an answer to the old credentials is worth nothing.
    repeatable(
        "0 changed       : => vacant
         0 demand        : request 1 first => acquiring
         1 changed       : withdraw changed => acquiring
         2 issued 1 3600 : request 2 credentials_changed => acquiring
         3 issued 2 3600 : publish 1 until 3597, wake 2882 => fresh
         4 changed       : withdraw changed, request 3 credentials_changed => acquiring
         5 rejected 3    : withdraw rejected retry 305 => rejected
         6 changed       : withdraw changed, request 4 credentials_changed => acquiring",
    );
}

#[test]
fn changed_credentials_during_a_renewal_take_the_token_away() {
    // P23
    repeatable(
        "0 demand        : request 1 first => acquiring
         0 issued 1 100  : publish 1 until 95, wake 80 => fresh
         80 timer        : request 2 due, wake 95 => renewing
         81 changed      : withdraw changed => acquiring
         82 rejected 2   : request 3 credentials_changed => acquiring",
    );
}

#[test]
fn broken_plugin_is_asked_ever_more_slowly() {
    repeatable(
        "0 demand  : request 1 first => acquiring
         0 bug 1   : withdraw bug retry 5, wake 5 => backing_off
         5 timer   : request 2 retry => acquiring
         5 bug 2   : withdraw bug retry 15, wake 15 => backing_off
         15 timer  : request 3 retry => acquiring
         15 bug 3  : withdraw bug retry 35, wake 35 => backing_off",
    );
}

#[test]
fn refresh_token_is_presented_after_its_intent_is_durable() {
    // P7, P8: the lifetime counts from the presentation, not from the intent.
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
    // S3: no token call is started; the grant is as it was.
    single_use(
        "0 demand      : record 1 first => acquiring
         0 transient 1 : withdraw transient retry 1, wake 1 => backing_off
         1 timer       : record 2 retry => acquiring",
    );
}

#[test]
fn request_that_was_never_sent_is_repeated() {
    // P7: DNS, connect or TLS failed; the refresh token is unharmed.
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
    // P7, O2: the access token goes on serving; then one presentation, and no more.
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
    // P7
    play(
        Lifecycle::new(Policy::default(), Grant::in_doubt()),
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
        Lifecycle::new(policy, Grant::in_doubt()),
        "0 demand   : withdraw interaction => rejected
         9 operator : withdraw interaction => rejected",
    );
}

#[test]
fn refused_refresh_token_is_dead_for_ever() {
    // O4, P13: one call, then a person.
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
    // P11
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
    // O9
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
    // P8: the answer's token is dropped, its refresh token is not.
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
    // O8: what happens to the old grant does not touch the new one.
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
    // P14: nobody asks for a token, and still the grant does not die of age.
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

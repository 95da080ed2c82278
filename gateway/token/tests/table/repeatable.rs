//! Client credentials: may be presented any number of times.

use crate::play;
use gateway_token::{Grant, Lifecycle, Policy};

/// An account with client credentials.
fn repeatable(script: &str) {
    play(Lifecycle::new(Policy::default(), Grant::Repeatable), script);
}

#[test]
fn demand_without_a_token_requests_one_and_only_one() {
    // One token per account, whatever the number of callers.
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
    // A fixed time would be wrong; the lifetime counts from the begin of the request.
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
    // Neither an expired token, nor a valid one thrown away.
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
    repeatable(
        "0 demand       : request 1 first => acquiring
         0 issued 1 100 : publish 1 until 95, wake 80 => fresh
         500 demand     : withdraw expired retry 80, request 2 retry => acquiring",
    );
}

#[test]
fn carrier_that_limits_us_is_obeyed_within_bounds() {
    // 429 with Retry-After; a long one is cut.
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
    repeatable(
        "0 demand     : request 1 first => acquiring
         0 issued 1 0 : withdraw protocol retry 15, wake 15 => backing_off
         15 timer     : request 2 retry => acquiring
         80 issued 2 60 : withdraw protocol retry 110, wake 110 => backing_off",
    );
}

#[test]
fn useless_answer_leaves_the_old_token_in_place() {
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
    // A dead credential is not presented on every request.
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
    // No cool-down is needed for it.
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
    // 250002 because the product is missing; a new token does not help.
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
    // The token is withdrawn at once, and an answer to the old credentials is worth nothing.
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
fn token_that_another_gateway_renews_is_renewed_here_when_that_one_is_late() {
    // 2,880 s is its own time. The other one may have drawn 3,168 s; this one waits for another 15 to 30 s.
    repeatable(
        "0 adopted 3600 15    : publish 1 until 3595, wake 3478.5 => fresh
         3168 adopted 3600 15 : publish 2 until 6763, wake 6646.5 => fresh
         6646.5 timer         : request 1 due, wake 6763 => renewing
         6647 issued 1 3600   : publish 3 until 10241.5, wake 9526.5 => fresh
         6648 standby-ended   : => fresh",
    );
}

#[test]
fn token_of_a_gateway_that_is_gone_is_renewed_when_it_is_due() {
    repeatable(
        "0 adopted 3600 15   : publish 1 until 3595, wake 3478.5 => fresh
         100 standby-ended   : wake 2880 => fresh
         200 standby-ended   : => fresh
         2880 timer          : request 1 due, wake 3595 => renewing",
    );
    // It is due already.
    repeatable(
        "0 adopted 3600 15   : publish 1 until 3595, wake 3478.5 => fresh
         3000 standby-ended  : wake 2880 => fresh
         3000 timer          : request 1 due, wake 3595 => renewing",
    );
}

#[test]
fn standby_never_outlasts_the_token() {
    repeatable(
        "0 adopted 60 15 : publish 1 until 55, wake 55 => fresh
         55 timer        : withdraw expired retry 55, request 1 retry => acquiring",
    );
}

#[test]
fn token_of_another_gateway_keeps_the_cool_down() {
    repeatable(
        "0 adopted 3600      : publish 1 until 3595, wake 2880 => fresh
         10 401 1            : request 1 unauthorized, wake 3595 => renewing
         11 adopted 3600 15  : publish 2 until 3606, wake 3489.5 => fresh
         12 401 2            : => fresh
         13 adopted 3600     : publish 3 until 3608, wake 2893 => fresh
         14 401 3            : request 2 unauthorized, wake 3608 => renewing",
    );
}

//! The broker with a scripted carrier, under paused time.

use crate::support::{Answer, Script, World, fails, main_account, soon, spec};
use futures_util::future::join_all;
use gateway_broker::{AuthorizationReason, BrokerConfig, RenewalOutcome, RequestOutcome, Shutdown};
use gateway_model::{FailureClass, Generation, TokenBucketPolicy, UnavailableReason};
use std::{sync::Arc, time::Duration};

#[tokio::test(start_paused = true)]
async fn thousand_first_requests_cause_one_token_request() {
    let world = World::new(Script::new([Answer::Token(3_600)]));
    let results = join_all((0..1_000).map(|_| world.acquire())).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(world.script.calls(), 1);
    assert_eq!(world.token().as_deref(), Some("Bearer token-1"));
    world.acquire().await.expect("the token is there");
    let metrics = world.handle.metrics();
    assert_eq!(
        (metrics.minted, metrics.joined, metrics.served),
        (1, 999, 1)
    );
    let status = world.status();
    assert_eq!((status.minted, status.joined, status.served), (1, 999, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_can_be_awaited_on_any_thread() {
    fn send<T: Send>(future: T) -> T {
        future
    }
    let world = World::new(Script::new([Answer::Token(3_600)]));
    let account = main_account();
    send(world.handle.acquire(&account, soon(30)))
        .await
        .expect("a token");
    let renewal = send(world.handle.unauthorized(&account, Generation(1), soon(30))).await;
    assert_eq!(renewal, Ok(RenewalOutcome::Renewed));
    send(world.handle.renew(&account, soon(30)))
        .await
        .expect("renewed");
    assert_eq!(
        send(world.broker.shutdown(Duration::ZERO)).await,
        Shutdown::Clean
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_from_other_threads_and_runtimes_join_the_same_flight() {
    // The data plane's workers have runtimes of their own.
    let script = Script::slow([Answer::Token(3_600)], Duration::from_millis(300));
    let world = World::new(script);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let handle = world.handle.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async {
                    let account = main_account();
                    join_all((0..50).map(|_| handle.acquire(&account, soon(30)))).await
                })
            })
        })
        .collect();
    for worker in workers {
        let results = tokio::task::spawn_blocking(move || worker.join().expect("no panic"))
            .await
            .expect("no panic");
        assert!(results.iter().all(Result::is_ok));
    }
    assert_eq!(world.script.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn token_is_renewed_without_anybody_asking_and_never_missing() {
    let world = World::new(Script::new([Answer::Token(100)]));
    world.acquire().await.expect("a token");
    for _ in 0..10_000 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let credential = world.credential().expect("never without a token");
        assert!(
            soon(0) < credential.expires_at,
            "an expired token is published"
        );
    }
    // 1,000 s of 72 to 88 s between renewals.
    assert!(
        (12..=15).contains(&world.script.calls()),
        "{}",
        world.script.calls()
    );
    assert_eq!(
        world.script.seen()[1],
        (AuthorizationReason::Refresh, b"state-1".to_vec())
    );
}

#[tokio::test(start_paused = true)]
async fn valid_token_serves_to_its_end_and_is_withdrawn_then() {
    let world = World::new(Script::new([Answer::Token(100)]));
    world.acquire().await.expect("a token");
    world
        .script
        .now_answers(fails(FailureClass::Transient, "connect"));
    tokio::time::sleep(Duration::from_secs(94)).await;
    assert_eq!(world.token().as_deref(), Some("Bearer token-1"));
    assert!(world.script.calls() > 1, "the renewal was tried");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        world.token(),
        None,
        "expired, and the carrier's own end is at 100 s"
    );
    let refused = world.acquire().await.expect_err("the carrier is down");
    assert_eq!(refused.reason, UnavailableReason::TokenEndpointFailing);
    assert!(refused.retry_at.is_some());
    world.script.now_answers(Answer::Token(100));
    tokio::time::sleep(Duration::from_secs(121)).await;
    assert!(
        world.token().is_some(),
        "the carrier is back and nobody had to ask"
    );
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_fail_fast_without_a_storm() {
    let world = World::new(Script::new([fails(FailureClass::Rejected, "10401")]));
    for _ in 0..200 {
        let refused = world.acquire().await.expect_err("refused");
        assert_eq!(refused.reason, UnavailableReason::CredentialsRejected);
        assert!(refused.message.contains("10401"), "{}", refused.message);
        assert!(
            refused.message.contains("client id and secret"),
            "{}",
            refused.message
        );
    }
    assert_eq!(world.script.calls(), 1);
    assert_eq!(world.handle.metrics().rejected, 1);
    tokio::time::sleep(Duration::from_secs(301)).await;
    world.acquire().await.expect_err("still refused");
    assert_eq!(world.script.calls(), 2);
    world.script.now_answers(Answer::Token(3_600));
    world
        .handle
        .renew(&main_account(), soon(30))
        .await
        .expect("an operator may try at once");
    assert_eq!(world.status().state, "fresh");
}

#[tokio::test(start_paused = true)]
async fn parallel_401s_cause_one_renewal_and_all_may_replay() {
    let world = World::new(Script::new([Answer::Token(3_600)]));
    world.acquire().await.expect("a token");
    let account = main_account();
    let report = || world.handle.unauthorized(&account, Generation(1), soon(30));
    let results = join_all((0..500).map(|_| report())).await;
    assert!(
        results.iter().all(|r| *r == Ok(RenewalOutcome::Renewed)),
        "{results:?}"
    );
    assert_eq!(
        report().await,
        Ok(RenewalOutcome::Renewed),
        "a late report about the old token"
    );
    assert_eq!(world.script.calls(), 2);
    assert_eq!(
        world.script.seen()[1].0,
        AuthorizationReason::UpstreamRejected
    );
}

#[tokio::test(start_paused = true)]
async fn upstream_that_always_says_401_costs_one_renewal_a_minute_at_most() {
    let world = World::new(Script::new([Answer::Token(3_600)]));
    world.acquire().await.expect("a token");
    let account = main_account();
    for call in 0..1_000 {
        let generation = world.credential().expect("a token").generation;
        let renewal = world
            .handle
            .unauthorized(&account, generation, soon(30))
            .await;
        match (call, renewal) {
            (0, Ok(RenewalOutcome::Renewed)) | (1.., Ok(RenewalOutcome::CoolingDown { .. })) => {}
            (_, other) => unreachable!("call {call}: {other:?}"),
        }
    }
    assert_eq!(world.script.calls(), 2);
    assert_eq!(world.handle.metrics().cooled_down, 999);
    assert!(world.status().cooling_down_until.is_some());
}

#[tokio::test(start_paused = true)]
async fn failed_renewal_after_a_401_says_why() {
    let world = World::new(Script::new([
        Answer::Token(3_600),
        fails(FailureClass::Transient, "10429"),
    ]));
    world.acquire().await.expect("a token");
    let refused = world
        .handle
        .unauthorized(&main_account(), Generation(1), soon(30))
        .await;
    let refused = refused.expect_err("not renewed");
    assert!(refused.message.contains("10429"), "{}", refused.message);
    assert!(world.token().is_some(), "the old token still serves");
}

#[tokio::test(start_paused = true)]
async fn changed_credentials_never_serve_the_old_token() {
    let world = World::new(Script::new([Answer::Token(3_600)]));
    world.acquire().await.expect("a token");
    let same = world
        .broker
        .add_account(spec("main", "secret", &world.script));
    assert!(Arc::ptr_eq(&same, &world.cell));
    assert!(
        world.token().is_some(),
        "the same credentials purge nothing"
    );
    let other = Script::new([Answer::Token(3_600)]);
    world
        .broker
        .add_account(spec("main", "another secret", &other));
    assert_eq!(world.token(), None, "purged at once");
    world
        .acquire()
        .await
        .expect("a token for the new credentials");
    assert_eq!((world.script.calls(), other.calls()), (1, 1));
    assert_eq!(
        other.seen()[0],
        (AuthorizationReason::Fetch, Vec::new()),
        "no state of the old credentials"
    );
}

#[tokio::test(start_paused = true)]
async fn answer_to_old_credentials_is_dropped() {
    // The change comes while the call is out.
    let old = Script::slow([Answer::Token(3_600)], Duration::from_secs(5));
    let world = World::new(old);
    world.handle.warm(&main_account());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let new = Script::slow([fails(FailureClass::Config, "x")], Duration::from_secs(1));
    world
        .broker
        .add_account(spec("main", "another secret", &new));
    let refused = world
        .acquire()
        .await
        .expect_err("the new credentials do not work");
    assert_eq!(refused.reason, UnavailableReason::Misconfigured);
    assert_eq!((world.script.calls(), new.calls()), (1, 1));
    assert_eq!(world.token(), None);
}

#[tokio::test(start_paused = true)]
async fn mint_budget_of_a_client_is_shared_by_its_accounts() {
    let config = BrokerConfig {
        mint_budget: TokenBucketPolicy {
            burst: 3,
            interval: Duration::from_secs(3_600),
        },
        ..BrokerConfig::default()
    };
    let world = World::with(config, Script::new([Answer::Token(3_600)]));
    let names: Vec<String> = (0..10).map(|n| format!("account-{n}")).collect();
    let mut reasons = Vec::new();
    for name in &names {
        world
            .broker
            .add_account(spec(name, "secret", &world.script));
        let account = name.parse().expect("a name");
        reasons.extend(
            world
                .handle
                .acquire(&account, soon(30))
                .await
                .err()
                .map(|u| u.reason),
        );
    }
    assert_eq!(reasons, [UnavailableReason::RateLimited; 7]);
    assert_eq!(world.script.calls(), 3);
    assert_eq!(world.handle.metrics().over_budget, 7);
}

#[tokio::test(start_paused = true)]
async fn wait_is_bounded_and_the_flight_goes_on() {
    let script = Script::slow([Answer::Token(3_600)], Duration::from_secs(10));
    let world = World::new(script);
    let refused = world.acquire_within(2).await.expect_err("too slow");
    assert_eq!(refused.reason, UnavailableReason::Pending);
    world.acquire().await.expect("the same flight");
    assert_eq!(world.script.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn authorization_that_hangs_is_given_up() {
    let world = World::new(Script::new([Answer::Never, Answer::Token(3_600)]));
    let refused = world.acquire_within(90).await.expect_err("it hangs");
    assert_eq!(refused.reason, UnavailableReason::TokenEndpointFailing);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(world.token().is_some(), "tried again");
}

#[tokio::test(start_paused = true)]
async fn plugin_that_breaks_its_contract_faults_its_account_only() {
    for answer in [Answer::Panics, Answer::NoHeaders] {
        let world = World::new(Script::new([answer]));
        let sound = Script::new([Answer::Token(3_600)]);
        world.broker.add_account(spec("sound", "secret", &sound));
        let refused = world.acquire().await.expect_err("a fault");
        assert_eq!(refused.reason, UnavailableReason::PluginFault);
        assert!(!refused.message.contains("planted"), "{}", refused.message);
        let sound = "sound".parse().expect("a name");
        world
            .handle
            .acquire(&sound, soon(30))
            .await
            .expect("the other account works");
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_waiters_are_turned_away_at_once() {
    let config = BrokerConfig {
        waiters_per_account: 10,
        ..BrokerConfig::default()
    };
    let world = World::with(config, Script::new([Answer::Token(3_600)]));
    let results = join_all((0..50).map(|_| world.acquire())).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 10);
    assert_eq!(world.handle.metrics().turned_away, 40);
}

#[tokio::test(start_paused = true)]
async fn shutdown_finishes_the_token_call_first() {
    let script = Script::slow([Answer::Token(3_600)], Duration::from_secs(5));
    let world = World::new(script);
    let waiting = world.acquire();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.broker.shutdown(Duration::from_secs(30)).await
    };
    let (landed, stopped) = tokio::join!(waiting, stopping);
    landed.expect("the call was finished");
    assert_eq!(stopped, Shutdown::Clean);
    assert!(world.token().is_some());
}

#[tokio::test(start_paused = true)]
async fn shutdown_cuts_off_what_outlasts_its_grace_and_starts_nothing() {
    let world = World::new(Script::new([Answer::Never]));
    let waiting = world.acquire();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.broker.shutdown(Duration::from_secs(3)).await
    };
    let (landed, stopped) = tokio::join!(waiting, stopping);
    landed.expect_err("cut off");
    assert_eq!(stopped, Shutdown::CutOff { calls: 1 });
    world.acquire().await.expect_err("nothing starts any more");
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(world.script.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn removed_account_is_gone_for_readers_and_callers() {
    let world = World::new(Script::new([Answer::Token(100)]));
    world.acquire().await.expect("a token");
    assert!(world.broker.remove_account(&main_account()));
    assert!(!world.broker.remove_account(&main_account()));
    assert_eq!(world.token(), None);
    let refused = world.acquire().await.expect_err("unknown");
    assert_eq!(refused.reason, UnavailableReason::Misconfigured);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(world.script.calls(), 1, "no renewal of a removed account");
}

#[tokio::test(start_paused = true)]
async fn hundred_thousand_idle_accounts_cost_no_task() {
    let world = World::new(Script::new([Answer::Token(3_600)]));
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    for n in 0..100_000 {
        world
            .broker
            .add_account(spec(&format!("account-{n}"), "secret", &world.script));
    }
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        before
    );
    world.acquire().await.expect("a token");
    assert_eq!(world.handle.list().len(), 100_001);
}

#[tokio::test(start_paused = true)]
async fn status_tells_everything_but_the_token() {
    let world = World::new(Script::new([
        fails(FailureClass::Protocol, "bad_json"),
        Answer::Token(3_600),
    ]));
    assert_eq!(world.status().state, "vacant");
    world.acquire().await.expect_err("garbage");
    let failing = world.status();
    assert_eq!(
        (failing.state, failing.usable, failing.failures),
        ("backing_off", false, 1)
    );
    assert!(failing.next_attempt_at.is_some());
    let last = failing.last_result.expect("a result");
    assert!(matches!(
        last.outcome,
        RequestOutcome::Failed {
            class: FailureClass::Protocol,
            ..
        }
    ));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let fresh = world.status();
    assert_eq!(
        (fresh.state, fresh.usable, fresh.failures),
        ("fresh", true, 0)
    );
    assert_eq!(
        fresh.last_result.as_ref().map(|last| &last.outcome),
        Some(&RequestOutcome::Issued)
    );
    let life = fresh
        .expires_at
        .expect("an end")
        .duration_since(fresh.issued_at.expect("a begin"));
    assert_eq!(life.expect("in order"), Duration::from_secs(3_600));
    assert!(fresh.fingerprint.is_some());
    let everything = format!("{fresh:?} {:?} {:?}", world.cell, world.handle.metrics());
    assert!(!everything.contains("token-2"), "{everything}");
}

#[tokio::test(start_paused = true)]
async fn fingerprint_is_of_the_token_that_is_published() {
    let world = World::new(Script::new([Answer::Token(3_600)]));
    assert_eq!(world.status().fingerprint, None);
    world.acquire().await.expect("a token");
    // `printf token-1 | sha256sum`, and so on.
    let shown = || world.status().fingerprint.map(|it| it.to_string());
    assert_eq!(shown().as_deref(), Some("3f08aace"));
    assert_eq!(shown().as_deref(), Some("3f08aace"), "looked at again");
    let renewed = world.handle.renew(&main_account(), soon(30)).await;
    renewed.expect("another token");
    assert_eq!(world.token().as_deref(), Some("Bearer token-2"));
    assert_eq!(shown().as_deref(), Some("0f6bffa9"));
}

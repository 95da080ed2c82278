//! Faults on demand, each as a client sees it.

use std::time::Duration;

use mock_ups::{Action, CannedResponse, Endpoint, Fault, Filter, Latency, MockUps, Scenario, Span};

use crate::client::{get, shop, token, token_request};
use crate::refresh::{grant, refresh};

type Check = fn(&str) -> bool;

fn ms(ms: u64) -> Span {
    Span(Duration::from_millis(ms))
}

#[tokio::test]
async fn error_hits_the_next_calls_after_those_let_through() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let fault = Fault::error(503, "10004", "The service is temporarily unavailable");
    let guard = ups
        .add_fault(fault.endpoint(Endpoint::Token).after(1).times(2))
        .unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(token_request(&base).send().await.status.as_u16());
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    assert_eq!(guard.hits(), 2);
    drop(guard);
    assert_eq!(ups.clear_faults(), 0, "the guard took its fault along");
}

#[tokio::test]
async fn fault_is_for_one_client_only() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let token = token(&base).await;
    let fault = Fault::error(500, "20001", "x").client("somebody-else");
    let _guard = ups.add_fault(fault).unwrap();
    assert_eq!(shop(&base, &token).send().await.status, 200);
    let _mine = ups
        .add_fault(Fault::error(500, "20001", "x").client("mock-client"))
        .unwrap();
    assert_eq!(shop(&base, &token).send().await.status, 500);
    assert_eq!(token_request(&base).send().await.status, 500);
}

#[tokio::test]
async fn probability_comes_from_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let ups = MockUps::builder().seed(11).start().await.unwrap();
        let base = ups.base_url();
        let _guard = ups
            .add_fault(Fault::new(Action::Empty).probability(0.5))
            .unwrap();
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(get(format!("{base}/nowhere")).send().await.status.as_u16());
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    let hits = runs[0].iter().filter(|status| **status == 200).count();
    assert!((8..32).contains(&hits), "{hits}");
}

/// The odd replies that a token endpoint was seen to give.
#[tokio::test]
async fn odd_replies_are_what_they_say() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let cases: [(Action, u16, &str, Check); 5] = [
        (Action::Empty, 200, "application/json", str::is_empty),
        (Action::Html403, 403, "text/html", |body| {
            body.contains("<html>")
        }),
        (Action::Garbage, 200, "application/json", |body| {
            body.starts_with('{')
        }),
        (Action::WrongContentType, 200, "text/html", |body| {
            body.contains("access_token")
        }),
        (Action::Quota, 429, "application/json", |body| {
            body.contains("10429")
        }),
    ];
    for (action, status, media_type, is_body) in cases {
        let name = format!("{action:?}");
        let _guard = ups.add_fault(Fault::new(action)).unwrap();
        let answer = token_request(&base).send().await;
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(answer.header("content-type"), media_type, "{name}");
        assert!(is_body(&answer.text()), "{name}: {}", answer.text());
    }
}

#[tokio::test]
async fn canned_answer_carries_its_own_body_and_retry_after() {
    let ups = MockUps::start().await.unwrap();
    let mut answer = CannedResponse::error(429, "10429", "");
    answer.body = Some("slow down".to_owned());
    answer.content_type = Some("text/plain".to_owned());
    answer.retry_after = Some(7);
    let _guard = ups.add_fault(Fault::new(Action::Answer(answer))).unwrap();
    let answer = token_request(&ups.base_url()).send().await;
    assert_eq!(
        (answer.status.as_u16(), answer.text().as_str()),
        (429, "slow down")
    );
    assert_eq!(answer.header("retry-after"), "7");
    assert_eq!(answer.header("content-type"), "text/plain");
}

#[tokio::test]
async fn resets_come_where_they_are_asked_for() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let before = ups.add_fault(Fault::new(Action::ResetBefore)).unwrap();
    assert!(token_request(&base).try_send().await.is_err());
    assert_eq!(ups.tokens_issued(), 0, "nothing was carried out");
    drop(before);
    let midway = ups.add_fault(Fault::new(Action::ResetMidway)).unwrap();
    assert!(token_request(&base).try_send().await.is_err());
    assert_eq!(ups.tokens_issued(), 1);
    drop(midway);
    let _after = ups.add_fault(Fault::new(Action::ResetAfter)).unwrap();
    let answer = token_request(&base).send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["access_token"].is_string());
}

/// The refresh token was rotated, the answer is lost, and the old token is dead.
#[tokio::test]
async fn lost_reply_leaves_the_refresh_token_rotated() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let tokens = grant(&base).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    ups.play_scenario(Scenario::ready("lost-rotation").unwrap())
        .unwrap();
    let issued = ups.tokens_issued();
    assert!(refresh(&base, token).try_send().await.is_err());
    assert_eq!(ups.tokens_issued(), issued + 1, "the rotation happened");
    let again = refresh(&base, token).send().await;
    assert_eq!(again.error(), (400, "10400".to_owned()));
    let entry = &ups.journal(&Filter::any().endpoint(Endpoint::Refresh))[0];
    assert_eq!(
        (entry.status, entry.fault.as_deref()),
        (0, Some("lose-reply"))
    );
}

#[tokio::test]
async fn carried_out_fault_spoils_the_answer_only() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let _guard = ups
        .add_fault(Fault::new(Action::Empty).carry_out())
        .unwrap();
    let answer = token_request(&base).send().await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(ups.tokens_issued(), 1);
}

/// Sends a token request and sees that its answer is not there before `early`, but comes whole.
async fn assert_later_than(base: &str, early: Duration) {
    let mut pending = tokio::spawn(token_request(base).send());
    let soon = tokio::time::timeout(early, &mut pending).await;
    assert!(soon.is_err(), "too early");
    let answer = pending.await.unwrap();
    assert!(answer.json()["access_token"].is_string());
}

#[tokio::test]
async fn delay_and_slow_body_take_their_time() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let delay = Fault::new(Action::Delay(Latency::Fixed(ms(150))));
    let delay = ups.add_fault(delay).unwrap();
    assert_later_than(&base, Duration::from_millis(120)).await;
    drop(delay);
    let piece = 300;
    let slow = Fault::new(Action::SlowBody {
        piece,
        pause: ms(40),
    });
    let _slow = ups.add_fault(slow).unwrap();
    assert_later_than(&base, Duration::from_millis(120)).await;
}

#[tokio::test]
async fn token_faults_expire_and_revoke_the_token_of_the_call() {
    for action in [Action::ExpireToken, Action::RevokeToken, Action::RevokeAll] {
        let ups = MockUps::start().await.unwrap();
        let base = ups.base_url();
        let token = token(&base).await;
        let _guard = ups.add_fault(Fault::new(action).times(1)).unwrap();
        assert_eq!(shop(&base, &token).send().await.error().1, "250002");
        assert_eq!(
            shop(&base, &token).send().await.error().1,
            "250002",
            "it stays dead"
        );
    }
}

#[tokio::test]
async fn clock_skew_puts_the_times_of_a_token_off() {
    let ups = MockUps::start().await.unwrap();
    ups.freeze();
    ups.play_scenario(Scenario::ready("clock-skew").unwrap())
        .unwrap();
    let issued_at: i64 = token_request(&ups.base_url()).send().await.json()["issued_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(issued_at, ups.now().as_millisecond() - 600_000);
}

#[tokio::test]
async fn fault_window_follows_the_mocks_clock() {
    let ups = MockUps::start().await.unwrap();
    ups.freeze();
    let base = ups.base_url();
    ups.play_scenario(Scenario::ready("token-endpoint-down").unwrap())
        .unwrap();
    assert_eq!(
        token_request(&base).send().await.error(),
        (503, "10004".to_owned())
    );
    ups.advance(Duration::from_secs(120));
    assert_eq!(token_request(&base).send().await.status, 200);
}

#[tokio::test]
async fn every_ready_scenario_plays() {
    for name in Scenario::ready_names() {
        let ups = MockUps::start().await.unwrap();
        ups.play_scenario(Scenario::ready(name).unwrap())
            .expect(name);
    }
}

#[tokio::test]
async fn senseless_faults_are_refused_when_added() {
    let ups = MockUps::start().await.unwrap();
    for fault in [
        Fault::error(99, "1", "x"),
        Fault::new(Action::Empty).probability(1.5),
        Fault::new(Action::Empty).probability(f64::NAN),
        Fault::new(Action::SlowBody {
            piece: 0,
            pause: ms(1),
        }),
        Fault::new(Action::Delay(Latency::Uniform(ms(5), ms(1)))),
        Fault::new(Action::Delay(Latency::LogNormal {
            median: ms(1),
            sigma: f64::NAN,
        })),
    ] {
        assert!(ups.add_fault(fault.clone()).is_err(), "{fault:?}");
    }
}

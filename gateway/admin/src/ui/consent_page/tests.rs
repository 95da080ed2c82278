use super::*;
use axum::body::to_bytes;
use gateway_api::AccountState;
use gateway_control::{ControlError, Fault};
use gateway_model::Clock;
use gateway_model::{Environment, GrantKind, ManagedBy};
use jiff::{Timestamp, tz::TimeZone};
use std::time::{Duration, Instant, SystemTime};

const HOSTILE: &str = "\"><svg onload=alert(1)>&'</style><script>alert(2)</script>";

/// A clock that stands at the epoch.
struct Epoch;

impl Clock for Epoch {
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant has no other constructor"
    )]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
}

fn done() -> ConsentDone {
    let at = Timestamp::UNIX_EPOCH;
    ConsentDone {
        account: AccountView {
            name: "main".parse().expect("a name"),
            aliases: Vec::new(),
            carrier: "ups".parse().expect("a name"),
            environment: Environment::Test,
            numbers: vec!["A1B2C3".parse().expect("a number")],
            grant: GrantKind::AuthorizationCode,
            client_id: HOSTILE.into(),
            client_secrets: 1,
            settings: std::collections::BTreeMap::new(),
            secret_settings: Vec::new(),
            active: true,
            default: true,
            managed_by: ManagedBy::Operator,
            state: AccountState::Ready,
            message: Some(HOSTILE.into()),
            sign_in_in_doubt: Some(HOSTILE.into()),
            token_expires_at: Some(at),
            grant_expires_at: Some(at),
            created_at: at,
            notices: Vec::new(),
            rates: None,
        },
        proof: ProbeReport {
            account: "main".parse().expect("a name"),
            call: HOSTILE.into(),
            ok: true,
            number: None,
            owned: None,
            negotiated: Some(false),
            code: Some(HOSTILE.into()),
            message: HOSTILE.into(),
            remedy: Some(HOSTILE.into()),
        },
        invitation: None,
        invitation_left: 0,
    }
}

async fn page(finished: Result<ConsentDone, AdminError>) -> (Response<()>, String) {
    let reader = Reader::new(TimeZone::UTC, &Epoch).expect("the epoch is a time");
    let (head, body) = render(&finished, &reader, false).into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let text = String::from_utf8(body.to_vec()).expect("text");
    (Response::from_parts(head, ()), text)
}

/// The page contains no markup but its own.
fn assert_inert(text: &str) {
    for forbidden in [
        "<svg onload",
        "<script",
        "onload=alert(1)>",
        "http:",
        "https:",
        "src=",
    ] {
        assert!(!text.contains(forbidden), "{forbidden} in\n{text}");
    }
    assert!(!text.contains("<style"), "{text}");
}

#[tokio::test]
async fn success_page_shows_the_account_and_no_markup_of_others() {
    let (head, text) = page(Ok(done())).await;
    assert_eq!(head.status(), StatusCode::OK);
    for part in [
        "Signed in",
        "main",
        "A1B2C3",
        "ups, test",
        "1970-01-01 00:00 UTC",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(text.contains("&#60;svg"), "{text}");
    assert_inert(&text);
}

/// The carrier's `error_description` is untrusted text.
#[tokio::test]
async fn error_page_says_what_to_do_and_no_markup_of_others() {
    let error = ControlError::new(Fault::Refused, "wrong_login", HOSTILE).remedy(HOSTILE);
    let (head, text) = page(Err(error.into())).await;
    assert_eq!(head.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text.contains("Not signed in") && text.contains("wrong_login"));
    assert_inert(&text);
}

/// The link was not used, so the person only has to wait.
#[tokio::test]
async fn page_for_too_many_requests_says_how_long_to_wait() {
    let answer = error(&AdminError::TooMany(Duration::from_millis(1_500)));
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "2");
    let kind = answer.headers()[header::CONTENT_TYPE].to_str();
    assert!(kind.expect("text").starts_with("text/html"));
    let text = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    let text = String::from_utf8(text.to_vec()).expect("text");
    assert!(text.contains("try again in 2 s"), "{text}");
    assert_inert(&text);
}

/// Its address has the code and the state.
#[tokio::test]
async fn page_tells_nobody_its_address() {
    let (head, _) = page(Ok(done())).await;
    assert_eq!(head.headers()[header::REFERRER_POLICY], "no-referrer");
    let policy = head.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .expect("text");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

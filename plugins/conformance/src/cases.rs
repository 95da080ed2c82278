//! The hostile inputs.

use crate::carrier::{CarrierReply, ScriptedResponse};
use gateway_http_client::HttpErrorKind;
use serde_json::{Value, json};

/// Stands where a carrier's answers have a token; no message may repeat it.
pub(crate) const PLANTED: &str = "planted-access-token";

/// What a reply means, and so which ends are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyMeaning {
    /// The carrier refused: no credential may come of it.
    Refusal,
    /// It passes: neither a credential, nor a failure that waits for a person.
    Passing,
    /// No sense in it: as `Passing`.
    Nonsense,
    /// Odd but readable, or not: a credential or a failure, anything but a bug.
    Odd,
}

/// The answer of a carrier that does plain OAuth, with UPS's strings for numbers.
pub(crate) fn good_answer() -> ScriptedResponse {
    ScriptedResponse::json(200, token("\"14399\""))
}

/// Stands where a carrier's answers have a refresh token.
pub(crate) const PLANTED_REFRESH: &str = "planted-refresh-token";
/// Parameters of a consent.
pub(crate) const PLANTED_CODE: &str = "planted-authorization-code";
pub(crate) const PLANTED_VERIFIER: &str = "planted-pkce-verifier";
/// What no message may repeat, beside the secrets of the configuration.
pub(crate) const ALL_PLANTED: [&str; 4] =
    [PLANTED, PLANTED_REFRESH, PLANTED_CODE, PLANTED_VERIFIER];

/// The answer to a code or a refresh token; the number makes the refresh token a new one.
pub(crate) fn good_login(number: u32) -> ScriptedResponse {
    let body = format!(
        r#"{{"refresh_token_expires_in":"5183999","refresh_token_status":"approved","token_type":"Bearer","issued_at":"1767225600000","client_id":"conformance","access_token":"{PLANTED}","refresh_token":"{PLANTED_REFRESH}-{number}","refresh_token_issued_at":"1767225600000","expires_in":"14399","status":"approved"}}"#
    );
    ScriptedResponse::json(200, body)
}

/// A token answer whose `expires_in` is that JSON text.
fn token(expires_in: &str) -> String {
    format!(
        r#"{{"token_type":"Bearer","issued_at":"1767225600000","client_id":"conformance","access_token":"{PLANTED}","expires_in":{expires_in},"status":"approved"}}"#
    )
}

/// A reply for one step, with its name and with what it has to mean to the plugin.
pub(crate) type Case = (String, ReplyMeaning, CarrierReply);

/// Replies for one step.
pub(crate) fn replies() -> Vec<Case> {
    let mut all = by_status();
    all.extend(odd_tokens());
    all.extend(without_a_response());
    all
}

fn by_status() -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |name: String, meaning, answer| {
        all.push((name, meaning, CarrierReply::Response(answer)));
    };
    for (kind, body) in bodies() {
        // A body never changes what these statuses mean: even a body with a token refuses.
        for status in [400, 401, 403] {
            let name = format!("{status} with {kind}");
            add(name, ReplyMeaning::Refusal, answer(status, kind, &body));
        }
        // With `Retry-After`, which a plugin must read from any body, an HTML page included.
        for status in [429, 500, 502, 503, 504] {
            let mut answer = answer(status, kind, &body);
            answer.headers.push(("retry-after".into(), "7".into()));
            add(
                format!("{status} with {kind}"),
                ReplyMeaning::Passing,
                answer,
            );
        }
    }
    for (kind, body) in nonsense() {
        let name = format!("200 with {kind}");
        add(name, ReplyMeaning::Nonsense, answer(200, kind, &body));
    }
    for status in [204, 301, 302, 304, 404, 418, 599] {
        let mut answer = answer(status, "nothing", "");
        // The host follows no redirect; a plugin that takes one for an answer is found here.
        let elsewhere = "https://elsewhere.example.com/";
        answer.headers.push(("location".into(), elsewhere.into()));
        add(status.to_string(), ReplyMeaning::Nonsense, answer);
    }
    all
}

/// Good tokens with something odd beside them.
fn odd_tokens() -> impl Iterator<Item = Case> {
    let odd = |name, answer| (name, ReplyMeaning::Odd, CarrierReply::Response(answer));
    let lifetimes = EXPIRES_IN.iter().map(move |value| {
        let answer = ScriptedResponse::json(200, token(value));
        odd(format!("expires_in of {}", short(value)), answer)
    });
    let fields = ["date", "retry-after", "content-type"].into_iter();
    lifetimes.chain(fields.map(move |field| {
        let mut answer = good_answer();
        let junk = "\u{7e}junk, ;;==";
        answer.headers.push((field.into(), junk.into()));
        odd(format!("a strange field {field}"), answer)
    }))
}

fn without_a_response() -> impl Iterator<Item = Case> {
    use HttpErrorKind::{Connect, Denied, Dns, Other, Timeout, Tls, TooLarge};
    let failed = [Dns, Connect, Tls, Timeout, Other, TooLarge].map(|kind| {
        let name = format!("network error {kind:?}");
        (name, ReplyMeaning::Passing, CarrierReply::Error(kind))
    });
    // Not passing: the host refuses this URL each time, so the configuration may be at fault.
    let denied = (
        "a denied request".to_owned(),
        ReplyMeaning::Odd,
        CarrierReply::Error(Denied),
    );
    failed.into_iter().chain([denied])
}

/// JSON texts for the lifetime.
const EXPIRES_IN: [&str; 14] = [
    "14399",
    "14399.0",
    "\"14399.0\"",
    "0",
    "\"0\"",
    "-1",
    "\"-1\"",
    "18446744073709551615",
    "\"99999999999999999999999999\"",
    "1e308",
    "\"NaN\"",
    "null",
    "[]",
    "true",
];

fn answer(status: u16, kind: &str, body: &str) -> ScriptedResponse {
    let mut answer = ScriptedResponse::json(status, body);
    if kind.contains("HTML") {
        answer.headers = vec![("content-type".into(), "text/html".into())];
    }
    answer
}

/// Contents of error answers.
fn bodies() -> Vec<(&'static str, String)> {
    vec![
        ("nothing", String::new()),
        (
            "an OAuth error",
            r#"{"error":"invalid_client","error_description":"no"}"#.into(),
        ),
        (
            "a carrier's error",
            r#"{"response":{"errors":[{"code":"10401","message":"ClientId is Invalid"}]}}"#.into(),
        ),
        (
            "an HTML page",
            "<html><body>Service unavailable</body></html>".into(),
        ),
        ("a token all the same", token("14399")),
        ("truncated JSON", r#"{"response":{"errors":[{"co"#.into()),
        ("1 MiB of text", "x".repeat(1 << 20)),
        ("NUL and control characters", "\u{0}\u{1b}[2J\r\n{}".into()),
    ]
}

/// Contents of answers that claim success.
fn nonsense() -> Vec<(&'static str, String)> {
    let good = token("14399");
    vec![
        ("nothing", String::new()),
        ("half of a token answer", good[..good.len() / 2].to_owned()),
        ("an HTML page", "<html>Under maintenance</html>".into()),
        ("null", "null".into()),
        ("a list", "[]".into()),
        ("an empty object", "{}".into()),
        (
            "a number for the token",
            r#"{"token_type":"Bearer","access_token":7,"expires_in":1}"#.into(),
        ),
        (
            "no token",
            r#"{"token_type":"Bearer","expires_in":14399}"#.into(),
        ),
        (
            "an empty token",
            r#"{"token_type":"Bearer","access_token":"","expires_in":14399}"#.into(),
        ),
        (
            "a line break in the token",
            r#"{"token_type":"Bearer","access_token":"a\r\nx-evil: 1","expires_in":14399}"#.into(),
        ),
        (
            "NUL in the token",
            r#"{"token_type":"Bearer","access_token":"a\u0000b","expires_in":9}"#.into(),
        ),
        // Deep enough to overflow the stack of a parser that recurses.
        ("nesting", "[".repeat(100_000)),
        ("1 MiB of text", "x".repeat(1 << 20)),
        ("other encodings", "\u{feff}{}\u{ffff}".into()),
    ]
}

/// Configurations made from a good one, each with a name. None of them may be a bug.
pub(crate) fn configs(good: &Value) -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = [
        json!(null),
        json!({}),
        json!([]),
        json!(""),
        json!(0),
        json!(true),
        json!("x".repeat(300_000)),
        json!({"\u{0}": "\u{0}"}),
    ]
    .into_iter()
    .map(|value| {
        (
            format!("the configuration {}", short(&value.to_string())),
            value,
        )
    })
    .collect();
    let Value::Object(members) = good else {
        return all;
    };
    // One member at a time, so that a finding names the member.
    for key in members.keys() {
        let mut without = members.clone();
        without.remove(key);
        all.push((format!("a configuration without {key}"), without.into()));
        for value in [
            json!(null),
            json!(-1),
            json!(1e300),
            json!([]),
            json!({}),
            json!(""),
            json!("x".repeat(300_000)),
            json!("a\r\nx-evil: 1"),
            json!("a\u{0}b"),
            json!("\u{1f4e6}\u{202e}"),
            json!("https://user:pass@elsewhere.example.com/?q#f"),
        ] {
            let mut with = members.clone();
            with.insert(key.clone(), value.clone());
            let name = format!("{key} = {}", short(&value.to_string()));
            all.push((name, with.into()));
        }
    }
    all
}

/// The beginning of a text.
fn short(text: &str) -> String {
    let mut start: String = text.chars().take(40).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

//! Answers that no plugin may take for a token, and configurations that no plugin may accept.

use plugins_sdk::{
    CarrierAuth, Class, Credential, Error,
    testing::{Expect, Network, Reply, Script, network, response},
};
use serde_json::Value;

/// The page of a firewall.
const FIREWALL: &str = "<html><head><title>Access Denied</title></head><body>planted</body></html>";

/// Plays odd answers to the first request of an authorization: a firewall's pages, empty bodies, other JSON,
/// another carrier's answers, broken networks, and the good answer with its lifetime missing or absurd.
/// `request` makes the expectation, `good` is the carrier's good answer, and `lifetime` the JSON pointer of its
/// lifetime.
///
/// # Panics
/// When the plugin takes one of them for a token, blames the credentials for it, or shows a part of it.
pub fn odd_answers<P: CarrierAuth>(
    config: &Value,
    request: impl Fn() -> Expect,
    good: &str,
    lifetime: Option<&str>,
) {
    let run = |reply: Reply| -> Result<Credential, Error> {
        let script = Script::new().expect(request()).reply(reply);
        script.run::<P>(&config.to_string())
    };
    let fails = |name: &str, reply: Reply, class: Class| {
        let Err(error) = run(reply) else {
            panic!("{name} was taken for a token")
        };
        assert_eq!(error.class(), class, "{name}: {error}");
        assert!(!error.to_string().contains("planted"), "{name}: {error}");
    };
    let html = |status| response(status, FIREWALL).header("content-type", "text/html");
    for status in [200, 302, 401, 403, 404] {
        fails(&format!("HTML {status}"), html(status), Class::Protocol);
        fails(
            &format!("empty {status}"),
            response(status, ""),
            Class::Protocol,
        );
    }
    for status in [429, 500, 502, 503] {
        fails(&format!("HTML {status}"), html(status), Class::Transient);
        fails(
            &format!("empty {status}"),
            response(status, ""),
            Class::Transient,
        );
    }
    for body in [
        "{",
        "[]",
        "null",
        "7",
        "{}",
        "\"planted\"",
        "{\"access_token\":7}",
    ] {
        fails(body, response(200, body), Class::Protocol);
    }
    fails(
        "a broken text",
        response(200, &b"\xff\xfe"[..]),
        Class::Protocol,
    );
    fails("no connection", network(Network::Connect), Class::Transient);
    fails(
        "no answer in time",
        network(Network::Timeout),
        Class::Transient,
    );
    if let Some(pointer) = lifetime {
        odd_lifetimes(run, good, pointer);
    }
}

/// The good answer with other lifetimes.
fn odd_lifetimes(run: impl Fn(Reply) -> Result<Credential, Error>, good: &str, pointer: &str) {
    for (value, fits) in [
        (Value::Null, false),
        (0.into(), false),
        ("0".into(), false),
        ((-1).into(), false),
        ("soon".into(), false),
        (1_000_000_000_000_u64.into(), false),
        (1800.into(), true),
        ("1800".into(), true),
        (1800.0.into(), true),
    ] {
        let name = format!("a lifetime of {value}");
        let reply = response(200, with(good, pointer, value).to_string());
        match (fits, run(reply)) {
            (true, Ok(credential)) => {
                assert_eq!(
                    credential.lifetime().map(|life| life.as_secs()),
                    Some(1800),
                    "{name}"
                );
            }
            (false, Err(error)) => assert_eq!(error.class(), Class::Protocol, "{name}: {error}"),
            (_, result) => panic!("{name}: {result:?}"),
        }
    }
}

fn with(good: &str, pointer: &str, value: Value) -> Value {
    let mut json: Value = serde_json::from_str(good).expect("JSON");
    let place = json.pointer_mut(pointer).expect("the lifetime");
    *place = value;
    json
}

/// The plugin's refusal of a configuration: it is of the class `Config`, and shows no secret.
///
/// # Panics
/// When the plugin accepts the configuration.
pub fn refusal<P: CarrierAuth>(config: &Value) -> Error {
    let error = Script::new().run::<P>(&config.to_string());
    let Err(error) = error else {
        panic!("{config} was accepted")
    };
    assert_eq!(error.class(), Class::Config, "{config}: {error}");
    assert!(!error.to_string().contains("planted"), "{config}: {error}");
    error
}

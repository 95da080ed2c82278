//! Tables of a plugin's tests: configurations that it refuses, and answers that it sorts into classes.

use crate::refusal;
use plugins_sdk::{
    CarrierAuth, Class,
    testing::{Expect, Reply, Script},
};
use serde_json::Value;

/// A copy of a configuration with one key changed; null removes the key.
///
/// # Panics
/// When the configuration is no object.
pub fn changed(config: &Value, key: &str, value: impl Into<Value>) -> Value {
    let mut config = config.clone();
    let value = value.into();
    if value.is_null() {
        config.as_object_mut().expect("an object").remove(key);
    } else {
        config[key] = value;
    }
    config
}

/// Each configuration is refused, by a message with the key and with the carrier's word for it.
///
/// # Panics
/// When one is accepted, or the message lacks one of the two.
pub fn mistakes_are_named<P: CarrierAuth>(mistakes: &[(Value, &str, &str)]) {
    for (config, key, called) in mistakes {
        let error = refusal::<P>(config).to_string();
        assert!(
            error.contains(key) && error.contains(called),
            "{config}: {error}"
        );
    }
}

/// Each answer to the first request of an authorization is a failure of that class, and the message shows no part
/// of the answer that is called `planted`.
///
/// # Panics
/// When an answer gives a credential, or a failure of another class.
pub fn answers_have_their_class<P: CarrierAuth>(
    config: &Value,
    request: impl Fn() -> Expect,
    answers: impl IntoIterator<Item = (String, Reply, Class)>,
) {
    for (name, reply, class) in answers {
        let script = Script::new().expect(request()).reply(reply);
        let error = script.run::<P>(&config.to_string()).expect_err(&name);
        assert_eq!(error.class(), class, "{name}: {error}");
        assert!(!error.to_string().contains("planted"), "{name}: {error}");
    }
}

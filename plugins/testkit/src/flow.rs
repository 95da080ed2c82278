//! The steps that authorizations of several plugins have in common: a token, a further slot, a person's consent.

use plugins_sdk::{
    CarrierAuth, Class, Credential, Error, Reason, Result, Slot, SlotFields,
    testing::{Expect, Reply, Script, response},
};
use serde_json::Value;

/// Where a person is sent back to in these tests.
const REDIRECT: &str = "https://waybill.example/consent";

/// A script whose first request gets that JSON.
pub fn answered(request: Expect, body: &str) -> Script {
    Script::new()
        .expect(request)
        .reply(response(200, body.to_owned()))
}

/// A script in which the code `planted-code` is exchanged.
pub fn code_exchange(request: Expect, reply: Reply) -> Script {
    Script::new()
        .reason(Reason::AuthCode)
        .param("code", "planted-code")
        .param("redirect_uri", REDIRECT)
        .param("pkce_verifier", "planted-verifier")
        .expect(request)
        .reply(reply)
}

/// Where a person consents, with the state `planted-state` and the challenge `challenge`.
///
/// # Errors
/// With the plugin's failure.
pub fn consent_url<P: CarrierAuth>(config: &Value) -> Result<String> {
    let script = Script::new()
        .param("redirect_uri", REDIRECT)
        .param("state", "planted-state")
        .param("pkce_challenge", "challenge");
    script.consent_url::<P>(&config.to_string())
}

/// The fields of a credential as texts.
pub fn fields_of(credential: &Credential) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields = credential.headers();
    fields
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect()
}

/// What a credential says about a slot.
///
/// # Panics
/// When it says nothing.
pub fn slot_of(credential: &Credential, slot: Slot) -> &Result<SlotFields> {
    credential
        .slot_outcome(slot)
        .expect("a word about the slot")
}

/// Plays answers to the request for a slot, which follows a good token. None of them costs the token, and each is
/// a failure of that class that shows no part of the answer. Returns the failures.
///
/// # Panics
/// When one of that does not hold.
pub fn slot_failures<P: CarrierAuth>(
    config: &Value,
    token: impl Fn() -> Script,
    slot: (Slot, fn() -> Expect),
    answers: impl IntoIterator<Item = (Reply, Class)>,
) -> Vec<Error> {
    let (slot, request) = slot;
    let failures = answers
        .into_iter()
        .enumerate()
        .map(|(number, (reply, class))| {
            let script = token().expect(request()).reply(reply);
            let credential = script.run::<P>(&config.to_string()).expect("a token");
            let error = slot_of(&credential, slot)
                .as_ref()
                .expect_err("no slot")
                .clone();
            assert_eq!(error.class(), class, "case {number}: {error}");
            assert!(
                !error.to_string().contains("planted"),
                "case {number}: {error}"
            );
            error
        });
    failures.collect()
}

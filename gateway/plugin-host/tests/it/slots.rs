//! Credentials with slots beside the first, from a plugin in C, in the gateway's process and in its own.

use crate::support::{Carrier, compile, fetch, instance, load_in_worker, modes, run};
use gateway_model::FailureClass;
use gateway_plugin_host::Plugin;
use std::time::Duration;

fn modes_in_worker() -> Plugin {
    load_in_worker(&compile("modes.c", &[]))
}

#[tokio::test(flavor = "multi_thread")]
async fn slot_has_fields_and_a_life_of_its_own() {
    for plugin in [modes(), modes_in_worker()] {
        let issuing = instance(&plugin, "slot_fields");
        let issued = issuing.authorize(fetch(), &Carrier::friendly()).await;
        let issued = issued.expect("a credential");
        assert_eq!(issued.headers.len(), 1, "{issued:?}");
        let [slot] = issued.slots.as_slice() else {
            panic!("one slot was expected: {issued:?}")
        };
        let fields = slot.fields.as_ref().expect("fields");
        assert_eq!(
            (&*slot.name, fields[0].0.as_str()),
            ("payment", "x-payment")
        );
        assert!(fields[0].1.is_sensitive());
        assert_eq!(slot.lifetime, Some(Duration::from_secs(50)));
        // The whole credential is renewed before its shortest slot ends.
        assert_eq!(issued.lifetime, Some(Duration::from_secs(60)));
        assert_eq!(issued.renew_after, Some(Duration::from_secs(40)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slot_that_nothing_is_said_of_lives_as_long_as_the_credential() {
    let issued = run("slot_unsaid", &Carrier::friendly()).await;
    let issued = issued.expect("a credential");
    assert_eq!((issued.slots[0].lifetime, issued.renew_after), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn slot_that_fails_leaves_the_credential_usable() {
    for plugin in [modes(), modes_in_worker()] {
        let failing = instance(&plugin, "slot_failed");
        let issued = failing.authorize(fetch(), &Carrier::friendly()).await;
        let issued = issued.expect("a credential");
        assert_eq!(issued.headers[0].1, "Bearer access");
        let failure = issued.slots[0].fields.as_ref().expect_err("a failure");
        assert_eq!(failure.class, FailureClass::Config);
        assert_eq!(failure.message, "add the payment roles");
    }
}

/// In minor 0 the bits of the slot meant nothing.
#[tokio::test(flavor = "multi_thread")]
async fn struct_of_minor_0_has_no_slots_whatever_its_flags_say() {
    let issued = run("slot_of_minor_0", &Carrier::friendly()).await;
    let issued = issued.expect("a credential");
    assert_eq!((issued.headers.len(), issued.slots.len()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_break_the_contract_end_as_bugs() {
    for (mode, code, why) in [
        ("slot_unknown", "plugin_bad_credential", "for slot 63"),
        ("slot_first", "plugin_bad_credential", "for slot 0"),
        (
            "slot_twice",
            "plugin_bad_credential",
            "the slot payment more than once",
        ),
        ("slot_both", "plugin_bad_credential", "for the slot payment"),
        (
            "slot_neither",
            "plugin_bad_credential",
            "for the slot payment",
        ),
        ("slot_null", "plugin_bad_pointer", "slots"),
        ("slot_many", "plugin_limit", "64 slots"),
    ] {
        for plugin in [modes(), modes_in_worker()] {
            let instance = instance(&plugin, mode);
            let issued = instance.authorize(fetch(), &Carrier::friendly()).await;
            let failure = issued.expect_err(mode);
            assert_eq!(
                (failure.class, &*failure.code),
                (FailureClass::Bug, code),
                "{mode}"
            );
            assert!(failure.message.contains(why), "{mode}: {failure}");
        }
    }
}

//! What holds for every carrier that wants a user name and a password with every request.

use crate::{changed, conforms, manifest, mistakes_are_named};
use plugins_sdk::{CarrierAuth, abi, testing::Script};
use serde_json::{Value, json};

/// One such carrier.
pub struct BasicCarrier {
    /// The plugin's manifest.
    pub manifest: &'static str,
    /// The package of the plugin.
    pub package: &'static str,
    /// What a message calls the user name.
    pub user: &'static str,
    /// What a message calls the password.
    pub password: &'static str,
    /// An account number that the carrier can have issued, and one that it cannot.
    pub numbers: [&'static str; 2],
}

impl BasicCarrier {
    /// A good configuration.
    pub fn config(&self) -> Value {
        json!({"environment": "test", "client_id": "user", "client_secret": "planted secret:1"})
    }

    /// No request is made, and the credential is Basic authentication without an end (RFC 7617).
    ///
    /// # Panics
    /// When the credential is another one, or can be seen.
    pub fn credential_is_basic_and_does_not_expire<P: CarrierAuth>(&self) {
        let credential = Script::new()
            .run::<P>(&self.config().to_string())
            .expect("a credential");
        let basic = &b"Basic dXNlcjpwbGFudGVkIHNlY3JldDox"[..];
        assert_eq!(
            credential.headers().collect::<Vec<_>>(),
            [("authorization", basic)]
        );
        assert_eq!(credential.lifetime(), None);
        assert!(!format!("{credential:?}").contains("dXNl"));
    }

    /// A mistake is named by its key and as the carrier calls it.
    ///
    /// # Panics
    /// When it is not.
    pub fn mistakes_are_named<P: CarrierAuth>(&self) {
        let with = |key, value: Value| changed(&self.config(), key, value);
        mistakes_are_named::<P>(&[
            (with("client_id", "".into()), "client_id", self.user),
            (with("client_id", "a:b".into()), "client_id", "colon"),
            (
                with("client_id", 7.into()),
                "client_id",
                "expected a string",
            ),
            (
                with("client_secret", "planted\n".into()),
                "client_secret",
                self.password,
            ),
            (
                with("client_secret", " planted".into()),
                "client_secret",
                "white space",
            ),
            (
                with("account_number", self.numbers[1].into()),
                "account_number",
                "number",
            ),
        ]);
    }

    /// The manifest is sound, and its schema and the plugin agree.
    ///
    /// # Panics
    /// When they do not.
    pub fn manifest_agrees<P: CarrierAuth>(&self) {
        let [good, bad] = self.numbers;
        manifest::is_sound(self.manifest, self.package);
        manifest::schema_agrees::<P>(
            self.manifest,
            &self.config(),
            &[
                ("account_number", good.into(), true),
                ("account_number", bad.into(), false),
                ("client_id", Value::Null, false),
                ("client_secret", "".into(), false),
            ],
        );
    }

    /// Runs the conformance suite.
    ///
    /// # Panics
    /// When a check fails.
    pub async fn conforms(&self, table: &'static abi::Plugin) {
        let config = changed(&self.config(), "account_number", self.numbers[0]);
        conforms(table, &config, Vec::new()).await;
    }
}

/// The tests of a carrier with Basic authentication, but for its stand-in.
#[macro_export]
macro_rules! basic_tests {
    ($plugin:ty, $carrier:expr) => {
        #[test]
        fn credential_is_basic_and_does_not_expire() {
            $carrier.credential_is_basic_and_does_not_expire::<$plugin>();
        }

        #[test]
        fn configuration_mistake_is_named_as_the_carrier_calls_it() {
            $carrier.mistakes_are_named::<$plugin>();
        }

        #[test]
        fn manifest_is_sound_and_agrees_with_the_plugin() {
            $carrier.manifest_agrees::<$plugin>();
        }

        #[tokio::test]
        async fn conformance_suite_passes() {
            let table = plugins_sdk::static_plugin!($plugin, manifest: $carrier.manifest);
            $carrier.conforms(table).await;
        }
    };
}

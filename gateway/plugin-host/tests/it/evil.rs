//! A Rust plugin that panics wherever it can, linked in: the same table, checks and calls as for a
//! library.

use crate::support::{Carrier, fetch, host, response};
use gateway_model::FailureClass;
use gateway_plugin_host::{Authorization, InstanceOptions, Plugin, services};
use plugins_sdk::{CarrierAuth, Context, Credential, Error, Result};
use serde_json::json;

const MANIFEST: &str = plugins_sdk::manifest!(
    r#"{"name":"evil","carrier":{"id":"evil"},"capabilities":["token"],"hosts":["api.example.com"]}"#
);

#[derive(serde::Deserialize)]
struct Config {
    panic: String,
}

struct Evil {
    config: Config,
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a destructor panicked");
    }
}

impl CarrierAuth for Evil {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        assert!(config.panic != "new", "panicked in new");
        Ok(Self { config })
    }

    async fn authorize(&self, cx: &Context) -> Result<Credential> {
        assert!(self.config.panic != "begin", "panicked at the begin");
        let _bomb = (self.config.panic == "drop").then(|| Bomb);
        let request = http::Request::get("https://api.example.com/").body(Vec::new());
        let request = request.map_err(|_| Error::new(plugins_sdk::Class::Bug, "request", ""))?;
        let _answer = cx.http().send(request).await;
        assert!(self.config.panic != "resume", "panicked after an answer");
        if self.config.panic == "payload" {
            std::panic::panic_any(Bomb);
        }
        Credential::bearer("token")
    }
}

fn evil(at: &str) -> std::result::Result<gateway_plugin_host::Instance, gateway_model::Failure> {
    // SAFETY: the host's own table, which lives for ever.
    unsafe { plugins_sdk::boundary::attach(services()) };
    let table = plugins_sdk::static_plugin!(Evil, manifest: MANIFEST);
    let plugin = Plugin::from_static(table, &host()).expect("a handshake");
    assert_eq!((plugin.path(), plugin.sha256()), (None, None));
    plugin.instance(InstanceOptions::new(json!({ "panic": at })))
}

#[test]
fn panic_in_new_is_a_bug() {
    let failure = evil("new").expect_err("a panic");
    assert_eq!(failure.class, FailureClass::Bug);
    assert!(failure.message.contains("panicked in new"), "{failure}");
}

#[tokio::test]
async fn panic_in_an_operation_is_a_bug() {
    for at in ["begin", "resume", "payload"] {
        let instance = evil(at).expect(at);
        let failure = instance.authorize(fetch(), &Carrier::friendly()).await;
        let failure = failure.expect_err(at);
        assert_eq!(failure.class, FailureClass::Bug, "{at}: {failure}");
        assert_eq!(failure.code, "plugin_panic", "{at}: {failure}");
    }
}

#[tokio::test]
async fn panic_in_a_destructor_is_contained() {
    let instance = evil("drop").expect("an instance");
    let carrier = Carrier::new(|_| Some(Ok(response(200, b""))));
    // Whether the panic or the credential wins is the SDK's choice; that we are still here is not.
    let _ = instance.authorize(fetch(), &carrier).await;
    let silent = Carrier::silent();
    let never = tokio::time::timeout(
        std::time::Duration::from_millis(20),
        instance.authorize(fetch(), &silent),
    );
    assert!(never.await.is_err(), "dropped at its request");
}

#[tokio::test]
async fn harmless_configuration_works() {
    let authorization = Authorization {
        slot: "access".into(),
        ..fetch()
    };
    let instance = evil("nowhere").expect("an instance");
    let issued = instance
        .authorize(authorization, &Carrier::friendly())
        .await;
    assert_eq!(issued.expect("a credential").headers[0].1, "Bearer token");
}

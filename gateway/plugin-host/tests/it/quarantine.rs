//! Plugins that hang, give up or fail again and again harm nobody else.

use crate::support::{Carrier, Folders, compile, eventually, fetch, host, instance, load, modes};
use gateway_model::FailureClass;
use gateway_plugin_host::{Instance, Plugin};
use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};
use tracing::{Subscriber, field::Visit, span};

async fn code(instance: &Instance) -> String {
    let failure = instance.authorize(fetch(), &Carrier::friendly()).await;
    let failure = failure.expect_err("no credential");
    assert_eq!(failure.class, FailureClass::Bug, "{failure}");
    failure.code
}

#[tokio::test]
async fn hanging_call_quarantines_its_plugin_only() {
    let shared = host();
    let folders = Folders::new();
    let hangs = folders.open(&compile("modes.c", &[]), &shared);
    let basic = Folders::new().open(&compile("basic.c", &[]), &shared);
    let (hangs, basic) = (hangs.plugin().unwrap(), basic.plugin().unwrap());
    let stuck = instance(hangs, "hangs");
    let waiting = instance(hangs, "http");
    let other = instance(basic, "any");
    let carrier = Carrier::friendly();
    let both = async {
        let hung = code(&stuck);
        let others = async {
            // Many calls of another plugin while one thread is stuck.
            for _ in 0..50 {
                other.authorize(fetch(), &carrier).await.expect("unharmed");
            }
        };
        futures_util::future::join(hung, others).await.0
    };
    assert_eq!(both.await, "plugin_hung");
    assert_eq!(code(&waiting).await, "plugin_hung");
    assert!(hangs.ready().is_err());
    assert!(other.authorize(fetch(), &carrier).await.is_ok());
}

#[tokio::test]
async fn call_that_hangs_later_and_instance_that_hangs_are_given_up() {
    assert_eq!(
        code(&instance(&modes(), "hangs_later")).await,
        "plugin_hung"
    );
    let plugin = modes();
    let failure = tokio::task::spawn_blocking(move || {
        crate::support::try_instance(&plugin, "new_hangs").expect_err("hangs")
    });
    assert_eq!(failure.await.unwrap().code, "plugin_hung");
}

#[tokio::test]
async fn fatal_message_quarantines_at_once() {
    // The SDK parks the thread after a double panic, rather than let the process abort.
    let plugin = modes();
    assert_eq!(code(&instance(&plugin, "fatal")).await, "plugin_fatal");
    assert!(plugin.ready().is_err());
}

#[tokio::test]
async fn three_bugs_close_the_plugin_for_new_authorizations() {
    let plugin = modes();
    let (bad, good) = (instance(&plugin, "stalls"), instance(&plugin, "http"));
    let carrier = Carrier::friendly();
    for _ in 0..3 {
        assert!(good.authorize(fetch(), &carrier).await.is_ok());
        assert_eq!(code(&bad).await, "plugin_stalled");
    }
    let failure = good.authorize(fetch(), &carrier).await.expect_err("closed");
    assert_eq!(failure.code, "plugin_quarantined");
    assert!(failure.certainly_not_sent && failure.retry_after.is_some());
    assert_eq!(carrier.count(), 3);
}

#[tokio::test]
async fn slow_call_is_tolerated() {
    let slow = instance(&modes(), "slow");
    assert!(slow.authorize(fetch(), &Carrier::silent()).await.is_ok());
}

/// Keeps what plugins log, with their names.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "waybill::plugin"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                let _ = write!(self.0, "{field}={value:?} ");
            }
        }
        let mut text = Text(format!("{} ", event.metadata().level()));
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// One subscriber per test binary: plugin calls run on threads of their own.
fn log() -> &'static Log {
    static LOG: std::sync::OnceLock<Log> = std::sync::OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        tracing::subscriber::set_global_default(log.clone()).expect("the only one");
        log
    })
}

/// A plugin whose messages can be told from those of all other tests.
fn named(name: &str) -> Plugin {
    // The name is chosen in the source; only basic.c leaves it open.
    let library = compile("named.c", &[&format!("-DPLUGIN_NAME=\"{name}\"")]);
    load(&library)
}

fn lines(plugin: &str, containing: &str) -> usize {
    let lines = log().0.lock().unwrap();
    let of_plugin = |line: &&String| line.contains(&format!("plugin=\"{plugin}\""));
    lines
        .iter()
        .filter(of_plugin)
        .filter(|line| line.contains(containing))
        .count()
}

#[tokio::test]
async fn messages_of_one_call_are_bounded() {
    log();
    let chatty = instance(&named("chatty"), "chatty");
    assert!(chatty.authorize(fetch(), &Carrier::silent()).await.is_ok());
    assert_eq!(lines("chatty", "chatter"), 64);
    assert_eq!(lines("chatty", "INFO"), 64);
    assert_eq!(lines("chatty", "left out"), 1);
}

#[tokio::test]
async fn handles_are_freed_once_and_the_instance_last() {
    log();
    let plugin = named("freed");
    let instance = instance(&plugin, "http");
    // Dropped at its first request, while the carrier has not answered.
    let carrier = Carrier::silent();
    let begun = async {
        let authorization = instance.authorize(fetch(), &carrier);
        let asked = eventually("a request", || carrier.count() == 1);
        futures_util::future::select(Box::pin(authorization), Box::pin(asked)).await;
    };
    begun.await;
    assert!(
        instance
            .authorize(fetch(), &Carrier::friendly())
            .await
            .is_ok()
    );
    assert!(
        instance
            .authorize(fetch(), &Carrier::status(500))
            .await
            .is_err()
    );
    drop(instance);
    eventually("the instance freed", || {
        lines("freed", "instance freed") == 1
    })
    .await;
    assert_eq!(lines("freed", "instance freed last"), 1);
    assert_eq!(lines("freed", "operation freed"), 3);
}

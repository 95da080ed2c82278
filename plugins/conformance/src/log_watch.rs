//! Looks for secrets in what a plugin logs.

use crate::{cases::ALL_PLANTED, secrets::Secrets};
use serde_json::Value;
use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// The target under which the plugin host writes messages of plugins.
const TARGET: &str = "waybill::plugin";
/// Findings that are kept.
const MAX_FINDINGS: usize = 20;

/// Reads every message that plugins log in this process.
#[derive(Clone, Default)]
pub struct LogWatch {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    secrets: Option<Secrets>,
    findings: Vec<String>,
}

impl fmt::Debug for LogWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogWatch(..)")
    }
}

impl LogWatch {
    /// Takes the place of the process' log, for the rest of its life.
    pub fn install() -> Self {
        let watch = Self::default();
        // A second one of a process is deaf: its checks find nothing, and no plugin is blamed.
        let _ = tracing::subscriber::set_global_default(watch.clone());
        watch
    }

    /// Looks for the secrets of a configuration, and for those that the suite plants.
    pub fn look_for(&self, config: &Value, schema: Option<&Value>) {
        let secrets = Secrets::of(config, schema).with(ALL_PLANTED);
        self.lock().secrets = Some(secrets);
    }

    pub(crate) fn take_findings(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().findings)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for LogWatch {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && metadata.is_event()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // Spans are not enabled, so nobody uses it.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let mut inner = self.lock();
        let Some(secrets) = &inner.secrets else {
            return;
        };
        if secrets.are_in(&text.0) && inner.findings.len() < MAX_FINDINGS {
            let level = event.metadata().level().as_str().to_lowercase();
            let finding = format!("at level {level}: {}", secrets.hidden(&text.0));
            inner.findings.push(finding);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message of an event.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a text does not fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

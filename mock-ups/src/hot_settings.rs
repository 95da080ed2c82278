//! Copies of the settings that calls read: no call takes a lock for them.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use crate::api::Environment;
use crate::config::{Settings, TransactionPrefix, UnparsableJson};

/// The settings on the path of calls to the APIs. Written when settings change, read by all.
#[derive(Debug)]
pub(crate) struct HotSettings {
    close_after_error: AtomicBool,
    lint_header: AtomicBool,
    changes_errors: AtomicBool,
    edge_fields: AtomicBool,
    test_shipments_are_tracked: AtomicBool,
    void_days: AtomicU32,
    /// Places in [`TransactionPrefix::ALL`], by environment.
    prefixes: [AtomicU8; 2],
}

impl Default for HotSettings {
    fn default() -> Self {
        let hot = Self {
            close_after_error: AtomicBool::default(),
            lint_header: AtomicBool::default(),
            changes_errors: AtomicBool::default(),
            edge_fields: AtomicBool::default(),
            test_shipments_are_tracked: AtomicBool::default(),
            void_days: AtomicU32::default(),
            prefixes: Default::default(),
        };
        hot.set(&Settings::default());
        hot
    }
}

impl HotSettings {
    pub(crate) fn set(&self, settings: &Settings) {
        let put = |dial: &AtomicBool, value| dial.store(value, Ordering::Relaxed);
        put(&self.close_after_error, settings.close_after_error);
        put(&self.lint_header, settings.lint_header);
        put(&self.edge_fields, settings.edge_fields);
        put(
            &self.changes_errors,
            !settings.errors.0.is_empty() || settings.unparsable_json != UnparsableJson::Empty,
        );
        put(
            &self.test_shipments_are_tracked,
            settings.test_shipments_are_tracked,
        );
        self.void_days.store(settings.void_days, Ordering::Relaxed);
        let prefixes = [
            settings.transaction_prefix,
            settings.production_transaction_prefix,
        ];
        for (dial, prefix) in self.prefixes.iter().zip(prefixes) {
            dial.store(prefix as u8, Ordering::Relaxed);
        }
    }

    pub(crate) fn closes_after_error(&self) -> bool {
        self.close_after_error.load(Ordering::Relaxed)
    }

    pub(crate) fn shows_findings(&self) -> bool {
        self.lint_header.load(Ordering::Relaxed)
    }

    pub(crate) fn adds_edge_fields(&self) -> bool {
        self.edge_fields.load(Ordering::Relaxed)
    }

    /// Whether an answer with an error may have to be another one.
    pub(crate) fn changes_errors(&self) -> bool {
        self.changes_errors.load(Ordering::Relaxed)
    }

    pub(crate) fn tracks_test_shipments(&self) -> bool {
        self.test_shipments_are_tracked.load(Ordering::Relaxed)
    }

    pub(crate) fn void_days(&self) -> u32 {
        self.void_days.load(Ordering::Relaxed)
    }

    pub(crate) fn transaction_prefix(&self, environment: Environment) -> &'static str {
        let [cie, production] = &self.prefixes;
        let dial = match environment {
            Environment::Cie => cie,
            Environment::Production => production,
        };
        let place = usize::from(dial.load(Ordering::Relaxed));
        TransactionPrefix::ALL
            .get(place)
            .map_or("", |prefix| prefix.text())
    }
}

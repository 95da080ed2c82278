//! The settings as calls read them: copies of a few without a lock, the whole behind one.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::api::Environment;
use crate::config::{NegotiatedBase, Settings, TransactionPrefix, UnparsableJson};

/// The settings on the path of calls to the APIs. Written when settings change, read by all.
#[derive(Debug)]
pub(crate) struct HotSettings {
    close_after_error: AtomicBool,
    lint_header: AtomicBool,
    changes_errors: AtomicBool,
    edge_fields: AtomicBool,
    packaging_name_is_strict: AtomicBool,
    negotiated_base: AtomicU8,
    /// All settings, for calls that are no load test's.
    current: RwLock<Arc<Settings>>,
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
            packaging_name_is_strict: AtomicBool::default(),
            negotiated_base: AtomicU8::default(),
            current: RwLock::default(),
            prefixes: Default::default(),
        };
        // Through `set`, so that the copies cannot differ from the defaults.
        hot.set(&Settings::default());
        hot
    }
}

impl HotSettings {
    pub(crate) fn set(&self, settings: &Settings) {
        // Relaxed: a call that runs during a change may see some old and some new settings.
        let put = |copy: &AtomicBool, value| copy.store(value, Ordering::Relaxed);
        put(&self.close_after_error, settings.close_after_error);
        put(&self.lint_header, settings.lint_header);
        put(&self.edge_fields, settings.edge_fields);
        put(
            &self.changes_errors,
            // One flag for both reasons to look at an error again.
            !settings.errors.0.is_empty() || settings.unparsable_json != UnparsableJson::Empty,
        );
        put(
            &self.packaging_name_is_strict,
            settings.packaging_name_is_strict,
        );
        self.negotiated_base
            .store(settings.negotiated_base as u8, Ordering::Relaxed);
        let prefixes = [
            settings.transaction_prefix,
            settings.production_transaction_prefix,
        ];
        for (dial, prefix) in self.prefixes.iter().zip(prefixes) {
            dial.store(prefix as u8, Ordering::Relaxed);
        }
        // Last: who reads the whole finds copies that are at least as new.
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(settings.clone());
    }

    /// All settings as they are.
    pub(crate) fn current(&self) -> Arc<Settings> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes settings. One change at a time, so that none is lost.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::clone(&self.current());
        change(&mut settings);
        self.set(&settings);
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

    /// Whether `Packaging` for `PackagingType` is refused by rating.
    pub(crate) fn packaging_name_is_strict(&self) -> bool {
        self.packaging_name_is_strict.load(Ordering::Relaxed)
    }

    /// How the base charge of negotiated rates is written.
    pub(crate) fn negotiated_base(&self) -> NegotiatedBase {
        let place = usize::from(self.negotiated_base.load(Ordering::Relaxed));
        let form = NegotiatedBase::ALL.get(place);
        // The place always exists; the default only avoids a panic.
        form.copied().unwrap_or_default()
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

//! The carriers that can be used, what their plugins want to know of an account, and whether they accept one.

use crate::{
    ControlError, ControlPlane, Fault, account_record::changed, blocking::blocking,
    instances::WiringError, plugin_settings,
};
use gateway_api::{AddAccount, CarrierView, MistakeView, UpdateAccount};
use gateway_model::AccountId;
use gateway_store::AccountRecord;
use std::sync::Arc;

impl ControlPlane {
    /// The carriers that an active plugin serves, ordered by name.
    pub fn carriers(&self) -> Vec<CarrierView> {
        let plugins = &self.context.plugins;
        let carriers = plugins.carriers();
        let views = carriers.into_iter().filter_map(|name| {
            let plugin = plugins.plugin(&name)?;
            Some(CarrierView {
                display_name: plugin.profile().display_name.clone(),
                plugin: plugin.manifest().name.clone(),
                consent: plugin.supports_auth_code(),
                shows_rates: plugin.diagnosis().negotiated.is_some(),
                settings: plugin_settings::described(&plugin),
                name,
            })
        });
        views.collect()
    }

    /// Says whether an account could be added. No carrier is asked, and nothing is changed.
    ///
    /// # Errors
    /// When its name is taken, or the carrier's plugin does not accept it.
    pub async fn check_new_account(&self, account: AddAccount) -> Result<(), ControlError> {
        let record = self.record(account)?;
        self.check(&record)?;
        if self.context.store.account(&record.name).await?.is_some() {
            let message = format!("there is an account {} already", record.name);
            return Err(ControlError::new(Fault::Conflict, "name_taken", message));
        }
        self.accepted(record).await
    }

    /// Says whether the carrier's plugin would accept an account after a change. No carrier is asked, and
    /// nothing is changed.
    ///
    /// # Errors
    /// When there is no such account, or the plugin does not accept it.
    pub async fn check_account_change(
        &self,
        name: &AccountId,
        change: UpdateAccount,
    ) -> Result<(), ControlError> {
        let record = changed(&self.known_account(name).await?, change)?;
        self.check(&record)?;
        self.accepted(record).await
    }

    async fn accepted(&self, record: AccountRecord) -> Result<(), ControlError> {
        let context = Arc::clone(&self.context);
        let looked = blocking(move || context.wiring().instances.accepts(&record)).await?;
        looked.map_err(|why| unaccepted(&why))
    }
}

/// The plugin's refusal, with the setting that it names.
fn unaccepted(why: &WiringError) -> ControlError {
    let (code, key) = match why {
        WiringError::Refused(failure) => ("misconfigured", plugin_settings::key_at_fault(failure)),
        WiringError::NoPlugin { .. }
        | WiringError::NoOrigin(..)
        | WiringError::NoConsent(_)
        | WiringError::NoSecret(_) => ("incomplete", None),
    };
    let mut error = ControlError::new(Fault::Invalid, code, why.to_string());
    if let Some(key) = key {
        error.mistakes.push(MistakeView {
            place: key.to_owned(),
            line: None,
            column: None,
            message: why.to_string(),
            fix: "correct the setting, and try again".to_owned(),
        });
    }
    error
}

//! The settings of an account that its carrier's plugin defines.

use super::{
    account::{name_of, path_of},
    fields::Fields,
    page::{Frame, PageResult, Section, page, render},
    settings::{Mistake, SettingField, TypedSettings, fields as fields_of, text},
    visitor::Visitor,
};
use crate::error::AdminError;
use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use gateway_api::{AccountView, CarrierSetting, UpdateAccount};
use gateway_model::AccountId;
use std::collections::BTreeMap;

/// What the name of a field begins with that says what the person has seen.
const SEEN: &str = "seen.";

#[derive(Template)]
#[template(path = "ui/account_settings.html")]
struct SettingsPage {
    frame: Frame,
    account: AccountId,
    settings: Vec<SettingField>,
    /// The stored values, so that a change by somebody else in the meantime is noticed.
    seen: Vec<(String, String)>,
    error: Option<(String, Option<String>)>,
}

/// The form.
pub(super) async fn form(visitor: Visitor, Path(name): Path<String>) -> PageResult {
    let account = visitor.control.account(&name_of(&name)?).await?;
    page(&settings_page(&visitor, &account, None, None))
}

/// The settings that the plugin of an account's carrier defines.
pub(super) fn defined(visitor: &Visitor, account: &AccountView) -> Vec<CarrierSetting> {
    let carriers = visitor.control.carriers();
    let mut carriers = carriers.into_iter();
    let carrier = carriers.find(|carrier| carrier.name == account.carrier);
    carrier.map(|carrier| carrier.settings).unwrap_or_default()
}

fn settings_page(
    visitor: &Visitor,
    account: &AccountView,
    typed: Option<&Fields>,
    mistake: Option<Mistake>,
) -> SettingsPage {
    let known = defined(visitor, account);
    let title = format!("Settings of {}", account.name);
    let empty = BTreeMap::new();
    let mistakes = mistake.as_ref().map_or(&empty, |it| &it.settings);
    let (plain, secret) = (&account.settings, &account.secret_settings);
    SettingsPage {
        frame: Frame::new(visitor, Section::Accounts, title),
        account: account.name.clone(),
        settings: fields_of(&known, typed, plain, secret, mistakes),
        seen: (known.iter().filter(|setting| !setting.secret))
            .map(|setting| (format!("{SEEN}{}", setting.name), stored(account, setting)))
            .collect(),
        error: mistake.map(Mistake::shown),
    }
}

fn stored(account: &AccountView, setting: &CarrierSetting) -> String {
    account
        .settings
        .get(&setting.name)
        .map(text)
        .unwrap_or_default()
}

/// Changes the settings. A mistake shows the form again, with what was typed but for secrets.
pub(super) async fn change(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> PageResult {
    let name = name_of(&name)?;
    let account = visitor.control.account(&name).await?;
    match changed(&visitor, &account, &fields).await {
        Ok(text) => {
            visitor.tell(text);
            Ok(Redirect::to(&path_of(&account.name)).into_response())
        }
        Err(mistake) => {
            let status = mistake.error.status();
            let page = settings_page(&visitor, &account, Some(&fields), Some(mistake));
            Ok(render(status, &page))
        }
    }
}

async fn changed(
    visitor: &Visitor,
    account: &AccountView,
    fields: &Fields,
) -> Result<&'static str, Mistake> {
    let known = defined(visitor, account);
    refuse_stale(account, &known, fields)?;
    let typed = TypedSettings::of(&known, fields);
    if !typed.mistakes.is_empty() {
        let message = "a setting has a value that it cannot have, and nothing was changed";
        return Err(Mistake {
            error: AdminError::Invalid("invalid_setting", message.to_owned()),
            settings: typed.mistakes,
        });
    }
    let (plain, secrets) = (typed.plain.into_iter(), typed.secrets);
    // Only what differs: a change of settings costs the account its token.
    let plain: BTreeMap<_, _> = plain
        .filter(|(name, value)| account.settings.get(name) != value.as_ref())
        .collect();
    if plain.is_empty() && secrets.is_empty() {
        return Ok("Nothing was changed: the settings are as before.");
    }
    let secrets: BTreeMap<_, _> = secrets
        .into_iter()
        .map(|(name, it)| (name, Some(it)))
        .collect();
    let change = UpdateAccount {
        settings: Some(plain),
        secret_settings: Some(secrets),
        ..UpdateAccount::default()
    };
    let control = &visitor.control;
    let checked = control
        .check_account_change(&account.name, change.clone())
        .await;
    if let Err(error) = checked
        && error.code == "misconfigured"
    {
        return Err(AdminError::from(error).into());
    }
    let changed = control
        .update_account(&visitor.actor, &account.name, change)
        .await;
    changed.map_err(AdminError::from)?;
    Ok("The settings are changed.")
}

/// Refuses a form that does not show what somebody else has changed since.
fn refuse_stale(
    account: &AccountView,
    known: &[CarrierSetting],
    fields: &Fields,
) -> Result<(), Mistake> {
    let plain = known.iter().filter(|setting| !setting.secret);
    let others = plain.filter_map(|setting| {
        let now = stored(account, setting);
        let seen = fields.text(&format!("{SEEN}{}", setting.name));
        let said = if now.is_empty() {
            "somebody has removed it meanwhile".to_owned()
        } else {
            format!("somebody has changed it to {now:?} meanwhile")
        };
        (seen != now.trim()).then(|| (setting.name.to_string(), said))
    });
    let others: BTreeMap<String, String> = others.collect();
    if others.is_empty() {
        return Ok(());
    }
    let message = "somebody has changed the settings since this form was opened, and nothing was \
                   changed by it: look at them, and send it again";
    Err(Mistake {
        error: AdminError::Invalid("stale_form", message.to_owned()),
        settings: others,
    })
}

//! Adding an account.

use super::{
    account::path_of,
    fields::Fields,
    page::{Frame, PageResult, Section, page, render},
    settings::{Mistake, SettingField, TypedSettings, fields},
    visitor::Visitor,
};
use crate::error::AdminError;
use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse as _, Redirect},
};
use gateway_api::{AddAccount, CarrierView, SecretText};
use gateway_model::{Environment, GrantKind};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "ui/new_account.html")]
struct NewAccountPage {
    frame: Frame,
    carriers: Vec<CarrierView>,
    /// The carrier whose account it is, once it is known.
    carrier: Option<CarrierView>,
    settings: Vec<SettingField>,
    typed: Fields,
    error: Option<(String, Option<String>)>,
}

impl NewAccountPage {
    /// Whether a person may sign in for an account of the carrier.
    fn may_consent(&self) -> bool {
        self.carrier.as_ref().is_none_or(|carrier| carrier.consent)
    }
}

/// The carrier that a person has chosen.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    carrier: String,
}

/// The form. Which fields it has depends on the carrier, so that is chosen first if there are several.
pub(super) async fn form(visitor: Visitor, Query(choice): Query<Choice>) -> PageResult {
    page(&new(&visitor, &choice.carrier, None, None))
}

fn new(
    visitor: &Visitor,
    carrier: &str,
    typed: Option<Fields>,
    mistake: Option<Mistake>,
) -> NewAccountPage {
    let carriers = visitor.control.carriers();
    let carrier = match carriers.as_slice() {
        [only] if carrier.is_empty() => Some(only.clone()),
        several => several
            .iter()
            .find(|it| it.name.as_str() == carrier)
            .cloned(),
    };
    let known = carrier
        .as_ref()
        .map_or(&[][..], |carrier| &carrier.settings);
    let empty = BTreeMap::new();
    let mistakes = mistake.as_ref().map_or(&empty, |it| &it.settings);
    NewAccountPage {
        frame: Frame::new(visitor, Section::Accounts, "Add an account"),
        settings: fields(known, typed.as_ref(), &BTreeMap::new(), &[], mistakes),
        carriers,
        carrier,
        typed: typed.unwrap_or_default(),
        error: mistake.map(Mistake::shown),
    }
}

/// Adds the account. A mistake shows the form again, with what was typed but for secrets.
pub(super) async fn add(visitor: Visitor, fields: Fields) -> PageResult {
    match added(&visitor, &fields).await {
        Ok(path) => Ok(Redirect::to(&path).into_response()),
        Err(mistake) => {
            let (status, carrier) = (mistake.error.status(), fields.text("carrier").to_owned());
            let page = new(&visitor, &carrier, Some(fields), Some(mistake));
            Ok(render(status, &page))
        }
    }
}

async fn added(visitor: &Visitor, fields: &Fields) -> Result<String, Mistake> {
    let carriers = visitor.control.carriers();
    let mut carriers = carriers.iter();
    let carrier = carriers.find(|it| it.name.as_str() == fields.text("carrier"));
    let known = carrier.map_or(&[][..], |carrier| &carrier.settings);
    let typed = TypedSettings::of(known, fields);
    if !typed.mistakes.is_empty() {
        let message = "a setting has a value that it cannot have, and nothing was added".to_owned();
        return Err(Mistake {
            error: AdminError::Invalid("invalid_setting", message),
            settings: typed.mistakes,
        });
    }
    let account = parse(fields, &typed)?;
    let checked = visitor.control.check_new_account(account.clone()).await;
    // Only what the plugin itself says of the settings: a route that is missing can be added later.
    if let Err(error) = checked
        && error.code == "misconfigured"
    {
        return Err(AdminError::from(error).into());
    }
    let added = visitor.control.add_account(&visitor.actor, account).await;
    let account = added.map_err(AdminError::from)?;
    visitor.tell(format!("The account {} is added.", account.name));
    Ok(path_of(&account.name))
}

fn parse(fields: &Fields, settings: &TypedSettings) -> Result<AddAccount, AdminError> {
    Ok(AddAccount {
        name: fields.parsed("name")?,
        aliases: Vec::new(),
        carrier: fields.parsed("carrier")?,
        environment: match fields.text("environment") {
            "production" => Environment::Production,
            _ => Environment::Test,
        },
        numbers: fields.list("numbers")?,
        grant: match fields.text("grant") {
            "authorization_code" => GrantKind::AuthorizationCode,
            _ => GrantKind::ClientCredentials,
        },
        client_id: fields.text("client_id").to_owned(),
        client_secrets: vec![SecretText(fields.secret("secret"))],
        settings: settings.given(),
        secret_settings: settings.secrets.clone(),
        default: fields.ticked("default"),
    })
}

//! Adding an account.

use super::{
    account::path_of,
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, page, render},
    visitor::Visitor,
};
use crate::error::AdminError;
use askama::Template;
use axum::response::{IntoResponse as _, Redirect};
use gateway_api::{AddAccount, SecretText};
use gateway_model::{Environment, GrantKind};
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "ui/new_account.html")]
struct NewAccountPage {
    frame: Frame,
    carriers: Vec<String>,
    typed: Fields,
    error: Option<(String, Option<String>)>,
}

/// The form.
pub(super) async fn form(visitor: Visitor) -> PageResult {
    page(&new(&visitor, Fields::default(), None).await?)
}

async fn new(
    visitor: &Visitor,
    typed: Fields,
    error: Option<(String, Option<String>)>,
) -> Result<NewAccountPage, PageError> {
    let plugins = visitor.control.plugins().await?;
    let mut carriers: Vec<String> = (plugins.into_iter())
        .filter(|plugin| plugin.state == "active")
        .filter_map(|plugin| plugin.carrier)
        .collect();
    carriers.sort_unstable();
    Ok(NewAccountPage {
        frame: Frame::new(visitor, Section::Accounts, "Add an account"),
        carriers,
        typed,
        error,
    })
}

/// Adds the account. A mistake shows the form again, with what was typed but for the secret.
pub(super) async fn add(visitor: Visitor, fields: Fields) -> PageResult {
    let added = match parse(&fields) {
        Ok(account) => {
            let added = visitor.control.add_account(&visitor.actor, account).await;
            added.map_err(AdminError::from)
        }
        Err(error) => Err(error),
    };
    match added {
        Ok(account) => {
            visitor.tell(format!("The account {} is added.", account.name));
            Ok(Redirect::to(&path_of(&account.name)).into_response())
        }
        Err(error) => {
            let detail = error.detail();
            let shown = Some((detail.message, detail.remedy));
            Ok(render(error.status(), &new(&visitor, fields, shown).await?))
        }
    }
}

fn parse(fields: &Fields) -> Result<AddAccount, AdminError> {
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
        settings: BTreeMap::new(),
        secret_settings: BTreeMap::new(),
        default: fields.ticked("default"),
    })
}

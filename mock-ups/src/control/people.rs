//! Apps, users, passwords and grants.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::{SeedApp, SeedUser};
use crate::named_json;
use crate::registry::App;

use super::request::{ControlError, ControlRequest, ControlResult};

/// A name in a path.
pub(super) fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// All secrets: the mock's are there to be used.
pub(super) fn credentials(control: &ControlRequest<'_>) -> Value {
    let apps = control.mock.registry.apps();
    // In plain text: the mock's credentials protect nothing and are made to be copied.
    let app =
        |app: &Arc<App>| json!({ "client_id": &*app.client_id, "client_secret": app.secret() });
    let users = control.mock.registry.users();
    let user = |user: &SeedUser| json!({ "name": user.name, "password": user.password });
    json!({
        "apps": apps.iter().map(app).collect::<Vec<_>>(),
        "users": users.iter().map(user).collect::<Vec<_>>(),
    })
}

pub(super) fn put_app(control: &ControlRequest<'_>, client_id: &str) -> ControlResult {
    let app: SeedApp = with_name(control, "client_id", client_id)?;
    control.mock.registry.put_app(app);
    Ok(json!({ "app": client_id }))
}

pub(super) fn put_user(control: &ControlRequest<'_>, name: &str) -> ControlResult {
    let user: SeedUser = with_name(control, "name", name)?;
    control.mock.put_user(user);
    Ok(json!({ "user": name }))
}

/// The body, with the name from the path.
fn with_name<T: serde::de::DeserializeOwned>(
    control: &ControlRequest<'_>,
    key: &str,
    name: &str,
) -> Result<T, ControlError> {
    let mut body: Value = control.parse()?;
    let Some(members) = body.as_object_mut() else {
        return Err(ControlError::bad_request("the body is a JSON object"));
    };
    // The path wins over the body, as it says what is replaced.
    members.insert(key.to_owned(), Value::String(name.to_owned()));
    named_json::read(body).map_err(ControlError::bad_request)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppChange {
    blocked: Option<bool>,
    client_secret: Option<String>,
    redirect_uris: Option<Vec<String>>,
    /// `null` means all products, absence no change.
    #[serde(default, deserialize_with = "present")]
    products: Option<Option<Vec<String>>>,
}

fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Vec<String>>>, D::Error> {
    // Runs only when the member is there, which tells `null` from absence.
    Option::<Vec<String>>::deserialize(deserializer).map(Some)
}

pub(super) fn change_app(control: &ControlRequest<'_>, client_id: &str) -> ControlResult {
    let change: AppChange = control.parse()?;
    let app = control.mock.registry.app(client_id);
    let app = app.ok_or_else(|| ControlError::not_found("no such app"))?;
    // Each member on its own: what is absent stays as it is.
    if let Some(blocked) = change.blocked {
        app.set_blocked(blocked);
    }
    if let Some(secret) = change.client_secret {
        app.set_secret(secret);
    }
    if let Some(uris) = change.redirect_uris {
        app.set_redirect_uris(uris);
    }
    if let Some(products) = change.products {
        app.set_products(products);
    }
    Ok(json!({ "app": client_id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRedirectUri {
    uri: String,
}

pub(super) fn add_redirect_uri(control: &ControlRequest<'_>, client_id: &str) -> ControlResult {
    let new: NewRedirectUri = control.parse()?;
    let app = control.mock.registry.app(client_id);
    let app = app.ok_or_else(|| ControlError::not_found("no such app"))?;
    app.add_redirect_uri(new.uri);
    Ok(json!({ "app": client_id, "redirect_uris": app.redirect_uris() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
}

pub(super) fn change_password(control: &ControlRequest<'_>, user: &str) -> ControlResult {
    let new: NewPassword = control.parse()?;
    if control.mock.change_password(user, new.password) {
        Ok(json!({ "user": user }))
    } else {
        Err(ControlError::not_found("no such user"))
    }
}

/// The grants with their refresh tokens: how often each was presented and what came of it.
pub(super) fn list_grants(control: &ControlRequest<'_>) -> ControlResult {
    let client_id = control.query_value("client_id");
    let user = control.query_value("user");
    // The filter runs under the lock, so only the wanted grants are copied.
    let grants = control.mock.report_grants(|grant| {
        client_id.as_ref().is_none_or(|id| *id == grant.client_id)
            && user.as_ref().is_none_or(|name| *name == grant.user)
    });
    Ok(json!({ "grants": grants }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeGrants {
    client_id: Option<String>,
    user: Option<String>,
}

pub(super) fn revoke_grants(control: &ControlRequest<'_>) -> ControlResult {
    let wanted: RevokeGrants = control.parse()?;
    let revoked = control.mock.revoke_grants(|grant| {
        wanted
            .client_id
            .as_ref()
            // Without a name every grant is meant.
            .is_none_or(|client| *client == grant.client_id)
            && wanted.user.as_ref().is_none_or(|user| *user == grant.user)
    });
    Ok(json!({ "revoked": revoked }))
}

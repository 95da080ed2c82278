//! Connecting an account: a person signs in at the carrier.

use super::{
    account::{name_of, path_of},
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, after, moment, page},
    visitor::Visitor,
    words::Moment,
};
use askama::Template;
use axum::{extract::Path, response::Response};
use gateway_api::{PasteConsent, SecretText};
use gateway_model::Secret;

#[derive(Template)]
#[template(path = "ui/connect.html")]
struct ConnectPage {
    frame: Frame,
    account: String,
    numbers: String,
    /// The carrier's page. It can be used once.
    url: Secret,
    redirect_uri: String,
    expires: Moment,
}

/// Begins a sign-in. The page has a link to the carrier and no redirect, because the policy for forms
/// allows a form's request to end here only.
pub(super) async fn begin(visitor: Visitor, Path(name): Path<String>) -> PageResult {
    let name = name_of(&name)?;
    let account = visitor.control.account(&name).await?;
    let begun = match visitor.control.begin_consent(&visitor.actor, &name).await {
        Ok(begun) => begun,
        Err(error) => {
            return Ok(after(
                &visitor,
                Err::<String, _>(error.into()),
                &path_of(&name),
            ));
        }
    };
    let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
    page(&ConnectPage {
        frame: Frame::new(&visitor, Section::Accounts, format!("Connect {name}")),
        account: name.to_string(),
        numbers: numbers.join(", "),
        url: begun.url.0,
        redirect_uri: begun.redirect_uri,
        expires: moment(&visitor, begun.expires_at),
    })
}

/// Finishes a sign-in with the address that a person copied from the browser.
pub(super) async fn paste(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = name_of(&name)?;
    let pasted = PasteConsent {
        redirected: SecretText(fields.secret("redirected")),
    };
    let finished = visitor
        .control
        .paste_consent(&visitor.actor, &name, pasted)
        .await;
    let done = finished
        .map(|done| format!("Signed in. Proof: {}.", done.proof.message))
        .map_err(Into::into);
    Ok(after(&visitor, done, &path_of(&name)))
}

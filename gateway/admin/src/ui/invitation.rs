//! The pages of somebody who was invited to sign in at a carrier with one login, and sees nothing else of the gateway.
//!
//! The link's code stands after `#`, so no server gets it with the address. The first page sends it in a
//! form, and the browser keeps it in a cookie for as long as a sign-in takes. All else is in the store, so
//! each step may come to another gateway of a fleet.

use super::{
    consent_page,
    cookie::SessionCookie,
    fields::Fields,
    page::{Frame, PageResult, render, with_script},
    words::Moment,
    zone::{self, Reader},
};
use crate::{
    content,
    context::{AdminContext, Peer},
    error::AdminError,
};
use askama::Template;
use axum::{
    Extension,
    extract::{FromRequestParts, State},
    response::{IntoResponse as _, Redirect, Response},
};
use gateway_api::{ConsentStarted, ErrorDetail, PasteConsent, SecretText};
use gateway_control::{ControlError, ControlPlane, Invited, InvitedAccount};
use gateway_model::{AccountId, CarrierId, Clock, Secret};
use http::{StatusCode, header, request::Parts};
use jiff::tz::TimeZone;
use std::{convert::Infallible, net::IpAddr};

/// The path to which the link leads.
pub(super) const PATH: &str = "/ui/invitation";
/// The path of the page about the invitation.
pub(super) const ACCOUNT_PATH: &str = "/ui/invitation/account";
/// How long a browser keeps the code, in seconds.
const COOKIE_LIFE: u32 = 60 * 60;
/// The longest code that is looked at.
const MAX_CODE: usize = 128;

/// The page that asks for the code.
#[derive(Template)]
#[template(path = "ui/invitation_code.html")]
struct CodePage {
    frame: Frame,
    error: Option<ErrorDetail>,
    /// Whether this browser has another invitation.
    known: bool,
}

/// The page about the invitation.
#[derive(Template)]
#[template(path = "ui/invitation.html")]
struct InvitedPage {
    frame: Frame,
    carrier: CarrierId,
    accounts: Vec<Account>,
    /// How many of them the person has signed in for.
    done: usize,
    expires: Moment,
    begun: Option<Begun>,
    error: Option<ErrorDetail>,
}

/// An account for which the person signs in.
struct Account {
    name: AccountId,
    environment: &'static str,
    numbers: String,
    signed_in: bool,
    /// Whether it is the first that waits.
    next: bool,
}

/// A sign-in that waits for the person.
struct Begun {
    account: AccountId,
    numbers: String,
    /// The carrier's page. It can be used once.
    url: Secret,
    redirect_uri: String,
    expires: Moment,
}

impl InvitedPage {
    /// The only account, if the invitation is for one.
    fn only(&self) -> Option<&Account> {
        match self.accounts.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// The bearer of a code, as a request shows it.
struct Bearer {
    context: AdminContext,
    control: ControlPlane,
    peer: IpAddr,
    zone: TimeZone,
    code: Secret,
}

impl Bearer {
    /// `None` if the browser has no code.
    fn of(
        context: AdminContext,
        peer: Peer,
        browser: InvitedBrowser,
    ) -> Result<Option<Self>, AdminError> {
        let (code, zone) = (browser.code, browser.zone);
        let with = |code| Self::with(context, peer, zone, code);
        code.map(with).transpose()
    }

    fn with(
        context: AdminContext,
        Peer(peer): Peer,
        zone: TimeZone,
        code: Secret,
    ) -> Result<Self, AdminError> {
        Ok(Self {
            control: context.control.clone().ok_or(AdminError::NoControl)?,
            context,
            peer,
            zone,
            code,
        })
    }

    /// Counts what an attacker would repeat, like a wrong admin token.
    fn count(&self) -> Result<(), AdminError> {
        self.context.count_guess(self.peer)
    }

    async fn invited(&self) -> Result<Invited, AdminError> {
        let error: ControlError = match self.control.invited(&self.code).await {
            Ok(invited) => return Ok(invited),
            Err(error) => error,
        };
        if error.code == "unknown_invitation" {
            self.count()?;
            let peer = self.peer;
            // With the address and never with the text: it may be a right code with a typing error.
            tracing::warn!(%peer, "somebody came with an unknown invitation");
        }
        Err(error.into())
    }

    fn reader(&self) -> Result<Reader, AdminError> {
        Reader::new(self.zone.clone(), &*self.context.clock)
    }

    fn page(
        &self,
        invited: Invited,
        begun: Option<ConsentStarted>,
        error: Option<&AdminError>,
    ) -> PageResult {
        let reader = self.reader()?;
        let next = invited.accounts.iter().position(|it| !it.signed_in);
        let accounts = invited.accounts.into_iter().enumerate();
        let accounts = accounts.map(|(at, it)| account_of(it, next == Some(at)));
        let accounts: Vec<Account> = accounts.collect();
        let begun = begun.map(|begun| Begun {
            numbers: (accounts.iter())
                .find(|it| it.name == begun.account)
                .map(|it| it.numbers.clone())
                .unwrap_or_default(),
            account: begun.account,
            url: begun.url.0,
            redirect_uri: begun.redirect_uri,
            expires: reader.moment(begun.expires_at),
        });
        let page = InvitedPage {
            frame: Frame::anybody("You are invited to sign in"),
            carrier: invited.carrier,
            done: accounts.iter().filter(|it| it.signed_in).count(),
            accounts,
            expires: reader.moment(invited.expires_at),
            begun,
            error: error.map(AdminError::detail),
        };
        let status = error.map_or(StatusCode::OK, AdminError::status);
        Ok(render(status, &page))
    }
}

fn account_of(account: InvitedAccount, next: bool) -> Account {
    let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
    Account {
        numbers: numbers.join(", "),
        environment: account.environment.as_str(),
        name: account.name,
        signed_in: account.signed_in,
        next,
    }
}

/// What the browser of a request has.
pub(crate) struct InvitedBrowser {
    cookie: SessionCookie,
    /// The code of an invitation.
    code: Option<Secret>,
    zone: TimeZone,
}

impl InvitedBrowser {
    /// Whether this browser has an invitation.
    pub(crate) const fn is_known(&self) -> bool {
        self.code.is_some()
    }

    /// Who sits at it.
    pub(crate) fn reader(&self, clock: &dyn Clock) -> Result<Reader, AdminError> {
        Reader::new(self.zone.clone(), clock)
    }
}

impl<S: Sync> FromRequestParts<S> for InvitedBrowser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let cookie = SessionCookie::from_request_parts(parts, state).await?;
        let cookie = cookie.of_invitation();
        Ok(Self {
            code: cookie.value(&parts.headers),
            zone: zone::of(&parts.headers),
            cookie,
        })
    }
}

fn code_page(known: bool, error: Option<&AdminError>) -> Response {
    let page = CodePage {
        frame: Frame::anybody("You are invited to sign in"),
        known,
        error: error.map(AdminError::detail),
    };
    let mut response = render(error.map_or(StatusCode::OK, AdminError::status), &page);
    if let Some(wait) = error.and_then(AdminError::retry_after) {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    with_script(response)
}

/// The page to which the link leads.
pub(super) async fn form(browser: InvitedBrowser) -> Response {
    code_page(browser.is_known(), None)
}

/// Takes the code out of the form, and keeps it in a cookie.
pub(super) async fn enter(
    State(context): State<AdminContext>,
    Extension(peer): Extension<Peer>,
    browser: InvitedBrowser,
    fields: Fields,
) -> PageResult {
    let bearer = Bearer::with(
        context,
        peer,
        browser.zone.clone(),
        code_of(fields.text("secret")),
    )?;
    if let Err(error) = bearer.invited().await {
        return Ok(code_page(false, Some(&error)));
    }
    let cookie = browser.cookie.set_for(&bearer.code, COOKIE_LIFE);
    let cookie = cookie.ok_or(AdminError::Internal)?;
    let mut response = Redirect::to(ACCOUNT_PATH).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The code in what a person pasted: the whole link, or the code alone.
fn code_of(text: &str) -> Secret {
    let code = text.rsplit('#').next().unwrap_or_default().trim();
    // Only what a cookie can hold, and nothing else is a code.
    let plausible = code.len() <= MAX_CODE
        && (code.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    Secret::new(if plausible { code } else { "" }.to_owned())
}

/// The page about the invitation.
pub(super) async fn account(
    State(context): State<AdminContext>,
    Extension(peer): Extension<Peer>,
    browser: InvitedBrowser,
) -> PageResult {
    let Some(bearer) = Bearer::of(context, peer, browser)? else {
        return Ok(Redirect::to(PATH).into_response());
    };
    match bearer.invited().await {
        Ok(invited) => bearer.page(invited, None, None),
        Err(error) => Ok(code_page(false, Some(&error))),
    }
}

/// Begins a sign-in: for the account of the form, or for the first that waits.
pub(super) async fn begin(
    State(context): State<AdminContext>,
    Extension(peer): Extension<Peer>,
    browser: InvitedBrowser,
    fields: Fields,
) -> PageResult {
    let Some(bearer) = Bearer::of(context, peer, browser)? else {
        return Ok(code_page(false, Some(&forgotten())));
    };
    let tasks = bearer.context.tasks.clone();
    let work = async move {
        let result = begun(&bearer, chosen(&fields).as_ref()).await;
        result.unwrap_or_else(axum::response::IntoResponse::into_response)
    };
    Ok(content::finish(&tasks, work).await?)
}

/// The account of a form; one that has no such name is one of no invitation.
fn chosen(fields: &Fields) -> Option<AccountId> {
    fields.parsed("account").ok()
}

async fn begun(bearer: &Bearer, account: Option<&AccountId>) -> PageResult {
    let invited = match bearer.invited().await {
        Ok(invited) => invited,
        Err(error) => return Ok(code_page(false, Some(&error))),
    };
    // Each one is a record in the store, and this person has no other limit.
    if let Err(error) = bearer.count() {
        return bearer.page(invited, None, Some(&error));
    }
    match bearer.control.begin_invited(&bearer.code, account).await {
        Ok(begun) => bearer.page(invited, Some(begun), None),
        Err(error) => bearer.page(invited, None, Some(&error.into())),
    }
}

/// Finishes a sign-in with the address that the person copied from the browser.
pub(super) async fn paste(
    State(context): State<AdminContext>,
    Extension(peer): Extension<Peer>,
    browser: InvitedBrowser,
    fields: Fields,
) -> PageResult {
    let Some(bearer) = Bearer::of(context, peer, browser)? else {
        return Ok(code_page(false, Some(&forgotten())));
    };
    bearer.count()?;
    let pasted = PasteConsent {
        redirected: SecretText(fields.secret("redirected")),
    };
    let (tasks, reader) = (bearer.context.tasks.clone(), bearer.reader()?);
    let work = async move {
        let (control, account) = (&bearer.control, chosen(&fields));
        let finished = control.paste_invited(&bearer.code, account.as_ref(), pasted);
        let finished = finished.await;
        consent_page::render(&finished.map_err(AdminError::from), &reader, true)
    };
    Ok(content::finish(&tasks, work).await?)
}

fn forgotten() -> AdminError {
    let message = "this browser has no invitation any more: open the link of the invitation again";
    AdminError::Invalid("no_invitation", message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_in_a_link_and_alone_and_nothing_else_is_one() {
        for text in [
            "abc-DEF_123",
            " abc-DEF_123\n",
            "https://gw.example/ui/invitation#abc-DEF_123",
        ] {
            assert_eq!(code_of(text).expose(), "abc-DEF_123");
        }
        let long = "x".repeat(200);
        for text in ["", "a b", "a;b", "a\nb", "ä", long.as_str()] {
            assert_eq!(code_of(text).expose(), "", "{text}");
        }
    }
}

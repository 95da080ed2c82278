//! One account: its token, its sign-in, its history, and what can be done with it.

use super::{
    fields::Fields,
    invitations,
    overview::Notice,
    page::{Frame, PageError, PageResult, Section, after, moment, page},
    visitor::Visitor,
    words::{self, Badge, Life, Moment},
};
use crate::error::AdminError;
use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
};
use gateway_api::{
    AccountView, ProbeReport, RatesView, RefreshView, RenewalView, SlotView, TokenView,
    UpdateAccount,
};
use gateway_model::{AccountId, GrantKind, ManagedBy};

#[derive(Template)]
#[template(path = "ui/account.html")]
struct AccountPage {
    frame: Frame,
    account: AccountView,
    badge: Badge,
    numbers: String,
    signs_in: bool,
    declared: bool,
    notices: Vec<Notice>,
    token: Token,
    sign_in: Option<SignIn>,
    slots: Vec<Slot>,
    renewals: Vec<Renewal>,
    invitations: Vec<invitations::Row>,
    /// The other accounts of the same login.
    same_login: Vec<AccountId>,
    added: Moment,
    /// Whether the carrier's plugin defines settings.
    has_settings: bool,
    rates: Option<Rates>,
    /// What to do for negotiated rates.
    to_get_rates: Option<String>,
}

/// What is known of negotiated rates, of a carrier whose test call shows it.
enum Rates {
    NotKnown,
    Known {
        at: Moment,
        badge: Badge,
        number: String,
    },
}

/// The access token.
struct Token {
    view: TokenView,
    issued: Option<Moment>,
    expires: Option<Moment>,
    next_renewal: Option<Moment>,
    life: Option<Life>,
}

/// A person's sign-in at the carrier.
struct SignIn {
    status: Option<String>,
    grant_status: &'static str,
    consented: Option<Moment>,
    issued: Option<Moment>,
    expires: Option<Moment>,
    life: Option<Life>,
    count: Option<u64>,
}

struct Slot {
    name: String,
    until: Option<Moment>,
    message: Option<String>,
}

struct Renewal {
    at: Moment,
    badge: Badge,
    outcome: String,
    reason: String,
    message: String,
}

/// The name of an account in a path.
pub(super) fn name_of(text: &str) -> Result<AccountId, PageError> {
    text.parse().map_err(|_invalid| {
        let message = "there is no account of this name".to_owned();
        PageError(AdminError::Invalid("bad_name", message))
    })
}

pub(super) fn path_of(name: &AccountId) -> String {
    format!("/ui/accounts/{name}")
}

/// The page of an account.
pub(super) async fn account(visitor: Visitor, Path(name): Path<String>) -> PageResult {
    let name = name_of(&name)?;
    let mut account = visitor.control.account(&name).await?;
    let mut view = visitor.control.token(&account.name).await?;
    let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
    let signs_in = account.grant == GrantKind::AuthorizationCode;
    let invitations = if signs_in {
        invitations::of_account(&visitor, &account.name).await?
    } else {
        Vec::new()
    };
    let same_login = if signs_in && visitor.may_change() {
        visitor.control.accounts_of_login(&account.name).await?
    } else {
        Vec::new()
    };
    let carriers = visitor.control.carriers();
    let carrier = carriers.iter().find(|it| it.name == account.carrier);
    let shows_rates = carrier.is_some_and(|carrier| carrier.shows_rates);
    let known_rates = account.rates.take().filter(|_| shows_rates);
    page(&AccountPage {
        to_get_rates: (known_rates.as_ref())
            .filter(|it| !it.negotiated)
            .and_then(|it| it.remedy.clone()),
        has_settings: carrier.is_some_and(|carrier| !carrier.settings.is_empty()),
        rates: shows_rates.then(|| rates(&visitor, known_rates)),
        frame: Frame::new(&visitor, Section::Accounts, account.name.to_string()),
        badge: words::account_state(account.state),
        numbers: numbers.join(", "),
        signs_in,
        invitations,
        same_login,
        declared: account.managed_by == ManagedBy::Config,
        notices: (std::mem::take(&mut account.notices).into_iter())
            .map(|notice| Notice::new(&visitor, notice))
            .collect(),
        sign_in: view.refresh.take().map(|it| sign_in(&visitor, it)),
        slots: (std::mem::take(&mut view.slots).into_iter())
            .map(|it| slot(&visitor, it))
            .collect(),
        renewals: (std::mem::take(&mut view.renewals).into_iter())
            .map(|it| renewal(&visitor, it))
            .collect(),
        token: token(&visitor, view),
        added: moment(&visitor, account.created_at),
        account,
    })
}

fn rates(visitor: &Visitor, known: Option<RatesView>) -> Rates {
    let Some(known) = known else {
        return Rates::NotKnown;
    };
    Rates::Known {
        at: moment(visitor, known.at),
        badge: words::negotiated(known.negotiated),
        number: known.number.map(|it| it.to_string()).unwrap_or_default(),
    }
}

fn token(visitor: &Visitor, view: TokenView) -> Token {
    let life = |to| {
        view.issued_at
            .and_then(|from| Life::new(from, to, visitor.now))
    };
    Token {
        issued: view.issued_at.map(|at| moment(visitor, at)),
        expires: view.expires_at.map(|at| moment(visitor, at)),
        next_renewal: view.next_renewal_at.map(|at| moment(visitor, at)),
        life: view.expires_at.and_then(life),
        view,
    }
}

fn sign_in(visitor: &Visitor, refresh: RefreshView) -> SignIn {
    let from = refresh.consented_at.or(refresh.issued_at);
    let life = |to| from.and_then(|from| Life::new(from, to, visitor.now));
    SignIn {
        life: refresh.expires_at.and_then(life),
        status: refresh.status,
        grant_status: words::grant(refresh.grant_status),
        consented: refresh.consented_at.map(|at| moment(visitor, at)),
        issued: refresh.issued_at.map(|at| moment(visitor, at)),
        expires: refresh.expires_at.map(|at| moment(visitor, at)),
        count: refresh.count,
    }
}

fn slot(visitor: &Visitor, slot: SlotView) -> Slot {
    Slot {
        name: slot.name,
        until: slot.usable_until.map(|at| moment(visitor, at)),
        message: slot.message,
    }
}

fn renewal(visitor: &Visitor, renewal: RenewalView) -> Renewal {
    let issued = renewal.outcome == "issued";
    let code = renewal.code.map(|code| format!("{code}: "));
    Renewal {
        at: moment(visitor, renewal.at),
        badge: words::success(issued),
        outcome: renewal.outcome.replace('_', " "),
        reason: renewal.reason.replace('_', " "),
        message: code.unwrap_or_default() + &renewal.message.unwrap_or_default(),
    }
}

/// Requests a new token now.
pub(super) async fn renew(
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let name = name_of(&name)?;
    let renewed = visitor.control.renew_token(&visitor.actor, &name).await;
    let done = renewed
        .map(|_| "A new token was issued.")
        .map_err(Into::into);
    Ok(after(&visitor, done, &path_of(&name)))
}

/// Makes a test call to the carrier.
pub(super) async fn probe(
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, PageError> {
    let name = name_of(&name)?;
    let probed = visitor.control.probe(&visitor.actor, &name).await;
    let done = probed.map_err(PageError::from).and_then(in_words);
    Ok(after(&visitor, done, &path_of(&name)))
}

/// The result of a test call in a sentence; an error if the carrier refused it.
fn in_words(report: ProbeReport) -> Result<String, PageError> {
    let rates = match report.negotiated {
        Some(true) => " It gets negotiated rates.",
        Some(false) => " It gets no negotiated rates.",
        None => "",
    };
    let remedy = report.remedy.map(|it| format!(" {it}."));
    let text = format!("{}.{rates}{}", report.message, remedy.unwrap_or_default());
    if report.ok {
        Ok(text)
    } else {
        Err(PageError(AdminError::Invalid("probe_failed", text)))
    }
}

/// Changes what the form of the account's page has.
pub(super) async fn change(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = name_of(&name)?;
    let (change, text) = match fields.text("what") {
        "switch-on" => (active(true), "The account is on."),
        "switch-off" => (
            active(false),
            "The account is off: apps get no token for it.",
        ),
        "default" => {
            let change = UpdateAccount {
                default: Some(true),
                ..UpdateAccount::default()
            };
            (change, "It is the default account of its carrier now.")
        }
        "numbers" => {
            let change = UpdateAccount {
                numbers: Some(fields.list("numbers")?),
                ..UpdateAccount::default()
            };
            (change, "The account numbers are changed.")
        }
        "secret" => {
            let secret = gateway_api::SecretText(fields.secret("secret"));
            let change = UpdateAccount {
                client_secrets: Some(vec![secret]),
                ..UpdateAccount::default()
            };
            (
                change,
                "The client secret is changed. It got a token before it was stored.",
            )
        }
        _ => {
            let message = "this form is unknown: open the page again".to_owned();
            return Err(PageError(AdminError::Invalid("stale_form", message)));
        }
    };
    let changed = visitor
        .control
        .update_account(&visitor.actor, &name, change)
        .await;
    let done = changed.map(|_| text).map_err(Into::into);
    Ok(after(&visitor, done, &path_of(&name)))
}

fn active(active: bool) -> UpdateAccount {
    UpdateAccount {
        active: Some(active),
        ..UpdateAccount::default()
    }
}

/// Removes the account, if the person has typed its name.
pub(super) async fn remove(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, PageError> {
    let name = name_of(&name)?;
    if fields.text("confirm") != name.as_str() {
        let message = format!("type {name} to remove the account; nothing was removed");
        let error = PageError(AdminError::Invalid("not_confirmed", message));
        return Ok(after(&visitor, Err::<String, _>(error), &path_of(&name)));
    }
    match visitor.control.remove_account(&visitor.actor, &name).await {
        Ok(()) => {
            visitor.tell(format!("The account {name} is removed."));
            Ok(Redirect::to("/ui/accounts").into_response())
        }
        Err(error) => Ok(after(
            &visitor,
            Err::<String, _>(error.into()),
            &path_of(&name),
        )),
    }
}

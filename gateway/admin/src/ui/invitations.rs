//! Invitations, as an administrator sees them.

use super::{
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, after, moment, page},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use crate::error::AdminError;
use askama::Template;
use axum::{extract::Path, response::Response};
use gateway_api::{AddInvitation, ErrorDetail, InvitationLink, InvitationState, InvitationView};
use gateway_control::AccountSummary;
use gateway_model::{AccountId, Secret};
use std::collections::BTreeSet;

const PATH: &str = "/ui/invitations";
/// The accounts that can be chosen, and the invitations that are made, at once.
pub(super) const MOST: usize = 100;

#[derive(Template)]
#[template(path = "ui/invitations.html")]
struct InvitationsPage {
    frame: Frame,
    invitations: Vec<Row>,
    /// The accounts that wait for a sign-in and have no open invitation.
    waiting: Vec<Waiting>,
}

/// An account that waits for a sign-in.
struct Waiting {
    name: String,
    numbers: String,
}

/// An invitation, as a list shows it.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) badge: Badge,
    pub(super) open: bool,
    pub(super) made_by: String,
    pub(super) made: Moment,
    /// When it was used or taken back; else when it ends.
    pub(super) end: Moment,
}

/// New links, which are shown on this page and never again.
#[derive(Template)]
#[template(path = "ui/invitation_links.html")]
struct LinksPage {
    frame: Frame,
    links: Vec<Link>,
    failed: Vec<(String, ErrorDetail)>,
    warning: Option<String>,
}

struct Link {
    account: String,
    link: Secret,
    expires: Moment,
}

impl Row {
    pub(super) fn new(visitor: &Visitor, view: InvitationView) -> Self {
        let end = (view.used_at.or(view.revoked_at)).unwrap_or(view.expires_at);
        Self {
            badge: words::invitation(view.state),
            open: view.state == InvitationState::Open,
            id: view.id,
            account: view.account.to_string(),
            made_by: view.created_by,
            made: moment(visitor, view.created_at),
            end: moment(visitor, end),
        }
    }
}

/// The invitations of one account.
pub(super) async fn of_account(
    visitor: &Visitor,
    account: &AccountId,
) -> Result<Vec<Row>, PageError> {
    let invitations = visitor.control.invitations().await?.into_iter();
    let of_account = invitations.filter(|it| it.account == *account);
    Ok(of_account.map(|it| Row::new(visitor, it)).collect())
}

/// All invitations, and the accounts that could have one.
pub(super) async fn invitations(visitor: Visitor) -> PageResult {
    let invitations = visitor.control.invitations().await?;
    let waiting = if visitor.may_change() {
        let open = (invitations.iter()).filter(|it| it.state == InvitationState::Open);
        let invited: BTreeSet<AccountId> = open.map(|it| it.account.clone()).collect();
        (visitor.control.accounts_to_sign_in(&invited, MOST)).await?
    } else {
        Vec::new()
    };
    page(&InvitationsPage {
        frame: Frame::new(&visitor, Section::Accounts, "Invitations"),
        waiting: waiting.into_iter().map(row_of).collect(),
        invitations: (invitations.into_iter())
            .map(|it| Row::new(&visitor, it))
            .collect(),
    })
}

fn row_of(account: AccountSummary) -> Waiting {
    let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
    Waiting {
        name: account.name.to_string(),
        numbers: numbers.join(", "),
    }
}

/// Makes an invitation for each chosen account, and shows the links once.
pub(super) async fn add(visitor: Visitor, fields: Fields) -> PageResult {
    let days = match fields.text("days") {
        "" => None,
        _ => Some(fields.parsed("days")?),
    };
    let names: Vec<&str> = fields.all("account").take(MOST).collect();
    if names.is_empty() {
        let message = "choose at least one account; no invitation was made".to_owned();
        let error = PageError(AdminError::Invalid("no_account", message));
        return Ok(after(&visitor, Err::<String, _>(error), PATH));
    }
    let mut done = LinksPage {
        frame: Frame::new(&visitor, Section::Accounts, "Copy these links now"),
        links: Vec::new(),
        failed: Vec::new(),
        warning: None,
    };
    for name in names {
        match invite(&visitor, name, days).await {
            Ok(InvitationLink {
                view,
                link,
                warning,
            }) => {
                done.warning = warning;
                done.links.push(Link {
                    account: view.account.to_string(),
                    link: link.0,
                    expires: moment(&visitor, view.expires_at),
                });
            }
            Err(error) => done.failed.push((name.to_owned(), error.detail())),
        }
    }
    page(&done)
}

async fn invite(
    visitor: &Visitor,
    name: &str,
    days: Option<u16>,
) -> Result<InvitationLink, AdminError> {
    let account = name.parse().map_err(|_invalid| {
        AdminError::Invalid("bad_name", "there is no account of this name".to_owned())
    })?;
    let invitation = AddInvitation { account, days };
    let added = visitor.control.add_invitation(&visitor.actor, invitation);
    Ok(added.await?)
}

/// Takes an invitation back.
pub(super) async fn revoke(visitor: Visitor, Path(id): Path<String>) -> Response {
    let revoked = visitor.control.revoke_invitation(&visitor.actor, &id).await;
    let done = revoked
        .map(|view| match view.state {
            InvitationState::Used => "Somebody has signed in with this invitation already.",
            InvitationState::Open | InvitationState::Ended | InvitationState::Revoked => {
                "The invitation is taken back: its link does not work any more."
            }
        })
        .map_err(PageError::from);
    after(&visitor, done, PATH)
}

//! Invitations, as an administrator sees them.

use super::{
    fields::Fields,
    page::{Frame, PageError, PageResult, Section, after, moment, page},
    table::{Asked, Column, Compare, Table, TableKind},
    visitor::Visitor,
    words::{self, Badge, Moment},
};
use crate::error::AdminError;
use askama::Template;
use axum::{extract::Path, response::Response};
use gateway_api::{AddInvitation, ErrorDetail, InvitationLink, InvitationState, InvitationView};
use gateway_control::AccountSummary;
use gateway_model::{AccountId, Secret};
use jiff::Timestamp;
use std::collections::BTreeSet;

const PATH: &str = "/ui/invitations";
/// The accounts that can be chosen at once.
const MOST: usize = 100;

const TABLE: TableKind<Compare<InvitationView>> = TableKind {
    path: PATH,
    hint: "account, who made it, or state",
    usual: "-made",
    keeps: &[],
    columns: &[
        Column::sorts("State", "state", |one, other| {
            words::invitation(one.state)
                .text
                .cmp(words::invitation(other.state).text)
        }),
        Column::sorts("Accounts", "account", |one, other| {
            one.account.cmp(&other.account)
        }),
        Column::sorts("Made by", "by", |one, other| {
            one.created_by.cmp(&other.created_by)
        }),
        Column::newest_first("Made", "made", |one, other| {
            one.created_at.cmp(&other.created_at)
        }),
        Column::newest_first("Used, taken back, or ends", "end", |one, other| {
            end(one).cmp(&end(other))
        }),
    ],
};

#[derive(Template)]
#[template(path = "ui/invitations.html")]
struct InvitationsPage {
    frame: Frame,
    invitations: Vec<Row>,
    table: Table,
    /// The logins with accounts that wait for a sign-in and have no open invitation.
    waiting: Vec<Login>,
}

/// The accounts of a login that wait for a sign-in.
struct Login {
    accounts: Vec<Waiting>,
}

struct Waiting {
    name: String,
    numbers: String,
}

impl Login {
    /// What the form sends for this login.
    fn value(&self) -> String {
        let names: Vec<&str> = self.accounts.iter().map(|it| it.name.as_str()).collect();
        names.join(",")
    }
}

/// An invitation, as a list shows it.
pub(super) struct Row {
    pub(super) id: String,
    /// Each account, and whether the person has signed in for it.
    pub(super) accounts: Vec<(String, bool)>,
    /// How far an invitation for several accounts is.
    pub(super) done: Option<String>,
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
    accounts: String,
    link: Secret,
    expires: Moment,
}

impl Row {
    pub(super) fn new(visitor: &Visitor, view: InvitationView) -> Self {
        let end = end(&view);
        let accounts = view.accounts.into_iter();
        let accounts = accounts.map(|it| (it.account.to_string(), it.used_at.is_some()));
        let accounts: Vec<(String, bool)> = accounts.collect();
        let done = accounts.iter().filter(|(_, done)| *done).count();
        Self {
            done: (accounts.len() > 1).then(|| format!("{done} of {} signed in", accounts.len())),
            accounts,
            badge: words::invitation(view.state),
            open: view.state == InvitationState::Open,
            id: view.id,
            made_by: view.created_by,
            made: moment(visitor, view.created_at),
            end: moment(visitor, end),
        }
    }
}

/// When an invitation was used or taken back; else when it ends.
fn end(view: &InvitationView) -> Timestamp {
    (view.used_at.or(view.revoked_at)).unwrap_or(view.expires_at)
}

/// The invitations of one account.
pub(super) async fn of_account(
    visitor: &Visitor,
    account: &AccountId,
) -> Result<Vec<Row>, PageError> {
    let invitations = visitor.control.invitations().await?.into_iter();
    let of_account = invitations.filter(|it| it.accounts.iter().any(|it| it.account == *account));
    Ok(of_account.map(|it| Row::new(visitor, it)).collect())
}

/// All invitations, and the logins that could have one.
pub(super) async fn invitations(visitor: Visitor, asked: Asked) -> PageResult {
    let invitations = visitor.control.invitations().await?;
    let waiting = if visitor.may_change() {
        let accounts = invitations.iter().flat_map(|it| &it.accounts);
        let open = accounts.filter(|it| it.state == InvitationState::Open);
        let invited: BTreeSet<AccountId> = open.map(|it| it.account.clone()).collect();
        let waiting = (visitor.control.accounts_to_sign_in(&invited, MOST)).await?;
        visitor.control.by_login(waiting).await
    } else {
        Vec::new()
    };
    let (invitations, table) = TABLE.page(asked, invitations, |it| {
        let accounts = it.accounts.iter().map(|it| it.account.as_str().into());
        let state = words::invitation(it.state).text;
        let texts = [&it.id, &it.created_by].map(|text| text.as_str().into());
        accounts.chain(texts).chain([state.into()]).collect()
    });
    page(&InvitationsPage {
        table,
        frame: Frame::new(&visitor, Section::Accounts, "Invitations"),
        waiting: waiting.into_iter().map(login).collect(),
        invitations: (invitations.into_iter())
            .map(|it| Row::new(&visitor, it))
            .collect(),
    })
}

fn login(accounts: Vec<AccountSummary>) -> Login {
    let waiting = accounts.into_iter().map(|account| {
        let numbers: Vec<&str> = account.numbers.iter().map(|it| it.as_str()).collect();
        Waiting {
            name: account.name.to_string(),
            numbers: numbers.join(", "),
        }
    });
    Login {
        accounts: waiting.collect(),
    }
}

/// The accounts of each invitation that a form asks for.
fn chosen(fields: &Fields) -> Vec<Vec<&str>> {
    let names = |text| -> Vec<&str> { str::split(text, ',').map(str::trim).collect() };
    let mut logins: Vec<Vec<&str>> = fields.all("account").map(names).collect();
    if fields.text("as") == "one" {
        logins = vec![logins.concat()];
    }
    // From the page of an account, which names others of its login.
    if let Some(first) = logins.first_mut() {
        first.extend(fields.all("also"));
    }
    for login in &mut logins {
        login.retain(|name| !name.is_empty());
    }
    logins.retain(|login| !login.is_empty());
    logins.truncate(MOST);
    logins
}

/// All accounts that a form asks invitations for.
pub(super) fn accounts_of(fields: &Fields) -> Vec<&str> {
    let mut names = chosen(fields).concat();
    names.truncate(MOST);
    names
}

/// Makes an invitation for each chosen login, and shows the links once.
pub(super) async fn add(visitor: Visitor, fields: Fields) -> PageResult {
    let days = match fields.text("days") {
        "" => None,
        _ => Some(fields.parsed("days")?),
    };
    let logins = chosen(&fields);
    if logins.is_empty() {
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
    for names in logins {
        match invite(&visitor, &names, days).await {
            Ok(InvitationLink {
                view,
                link,
                warning,
            }) => {
                let accounts = view.accounts.iter().map(|it| it.account.as_str());
                let accounts: Vec<&str> = accounts.collect();
                done.warning = warning;
                done.links.push(Link {
                    accounts: accounts.join(", "),
                    link: link.0,
                    expires: moment(&visitor, view.expires_at),
                });
            }
            Err(error) => done.failed.push((names.join(", "), error.detail())),
        }
    }
    page(&done)
}

async fn invite(
    visitor: &Visitor,
    names: &[&str],
    days: Option<u16>,
) -> Result<InvitationLink, AdminError> {
    let mut accounts = Vec::new();
    for name in names {
        let account: AccountId = name.parse().map_err(|_invalid| {
            AdminError::Invalid("bad_name", "there is no account of this name".to_owned())
        })?;
        accounts.push(account);
    }
    let mut accounts = accounts.into_iter();
    let account = accounts.next().ok_or(AdminError::Internal)?;
    let invitation = AddInvitation {
        account,
        also: accounts.collect(),
        // The form names all of them.
        whole_login: false,
        days,
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_asks_for_one_invitation_for_each_login_or_for_one_in_all() {
        for (form, expected) in [
            ("account=a&account=b,c", &[&["a"][..], &["b", "c"]][..]),
            ("account=a&account=b%2Cc&as=one", &[&["a", "b", "c"]]),
            ("account=a&also=d&also=e", &[&["a", "d", "e"]]),
            ("account=,&account=", &[]),
            ("also=d", &[]),
        ] {
            let fields = Fields::parse(form.as_bytes());
            assert_eq!(chosen(&fields), expected, "{form}");
        }
    }
}

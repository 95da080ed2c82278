//! Two administrators at once: the later one sees what the other has changed, and loses nothing that was typed.
//!
//! Each form has the number of the newest entry of the audit trail at the time of its page. A change by somebody
//! else has a later one.

use super::{
    account::name_of,
    facts::facts,
    fields::Fields,
    invitations,
    kept::Kept,
    page::{Frame, PageError, ROOT, Section, moment, render},
    visitor::Visitor,
    words::Moment,
};
use crate::error::AdminError;
use askama::Template;
use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use gateway_api::AuditView;
use gateway_control::{Basis, default_subject};
use gateway_store::AuditId;
use http::StatusCode;
use std::sync::Arc;

/// What a form must not overlook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// Changes of an account, and sign-ins for it. If the form makes it the default, also other defaults of its
    /// carrier and environment.
    Account,
    /// If the form makes its account the default: other defaults.
    NewAccount,
    /// Invitations for the accounts of the form, and sign-ins for them.
    Invited,
    /// What has become of an invitation.
    Invitation,
    App,
    AdminToken,
    Plugin,
    Migration,
    /// The form compares for itself, and shows beside each field what is different.
    ItsFields,
    /// It changes nothing that somebody else could have changed.
    Nothing,
}

/// Every form that changes something. A new form is one line here, or it is refused.
const FORMS: &[(&str, About)] = &[
    ("/ui/accounts/{name}/change", About::Account),
    ("/ui/accounts/{name}/connect", About::Account),
    ("/ui/accounts/{name}/paste", About::Account),
    ("/ui/accounts/{name}/probe", About::Nothing),
    ("/ui/accounts/{name}/remove", About::Account),
    ("/ui/accounts/{name}/renew", About::Nothing),
    ("/ui/accounts/{name}/settings", About::ItsFields),
    ("/ui/admin-tokens", About::Nothing),
    ("/ui/admin-tokens/{name}/remove", About::AdminToken),
    ("/ui/apps/{name}/remove", About::App),
    ("/ui/apps/{name}/rotate", About::App),
    ("/ui/backup", About::Nothing),
    ("/ui/doctor", About::Nothing),
    ("/ui/invitations/add", About::Invited),
    ("/ui/invitations/{id}/revoke", About::Invitation),
    ("/ui/migration/apply", About::ItsFields),
    ("/ui/migration/undo", About::Migration),
    ("/ui/new-account", About::NewAccount),
    ("/ui/new-app", About::Nothing),
    ("/ui/new-migration", About::Nothing),
    ("/ui/plugins/{name}/reload", About::Plugin),
    ("/ui/plugins/{name}/roll-back", About::Plugin),
];

/// What counts as a change of an account.
const ACCOUNT: &[&str] = &[
    "account.add",
    "account.change",
    "account.deactivate",
    "account.default",
    "account.remove",
    "consent.finish",
];

#[derive(Template)]
#[template(path = "ui/overtaken.html")]
struct OvertakenPage {
    frame: Frame,
    /// The page on which the form was.
    back: String,
    changes: Vec<Change>,
    kept: Kept,
}

struct Change {
    at: Moment,
    actor: String,
    action: String,
    facts: Vec<(String, String)>,
}

/// A form that was sent, and what it rests on.
pub(super) struct SentForm {
    route: String,
    path: String,
    fields: Fields,
    basis: Option<Arc<Basis>>,
}

impl SentForm {
    pub(super) fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        let route = extensions.get::<MatchedPath>().map(MatchedPath::as_str);
        Self {
            route: route.unwrap_or_default().to_owned(),
            path: request.uri().path().to_owned(),
            fields: extensions.get::<Fields>().cloned().unwrap_or_default(),
            basis: None,
        }
    }

    /// The page that says what others have changed since the form's page was made; `None` if nobody has.
    pub(super) async fn overtaken(
        &mut self,
        visitor: &Visitor,
    ) -> Result<Option<Response>, PageError> {
        let Some(basis) = self.basis(visitor).await? else {
            return Ok(None);
        };
        let changes = visitor.control.changes_since(&basis).await?;
        self.basis = Some(basis);
        if changes.is_empty() {
            return Ok(None);
        }
        let shown = OvertakenPage {
            frame: Frame::new(visitor, Section::Other, "Somebody else has changed this"),
            back: self.page().to_owned(),
            changes: (changes.into_iter())
                .map(|it| Change::new(visitor, it))
                .collect(),
            kept: Kept::of(self.path.clone(), &self.fields),
        };
        Ok(Some(render(StatusCode::CONFLICT, &shown)))
    }

    /// The page on which the form is.
    fn page(&self) -> &str {
        let page = self.path.rsplit_once('/').map_or("", |(page, _)| page);
        if page.starts_with("/ui/accounts/") {
            return page;
        }
        let list = page.split('/').nth(2).unwrap_or_default();
        page.get(.."/ui/".len() + list.len()).unwrap_or(ROOT)
    }

    async fn basis(&self, visitor: &Visitor) -> Result<Option<Arc<Basis>>, AdminError> {
        let known = FORMS.iter().find(|(form, _)| *form == self.route);
        let (_, about) = known.ok_or(AdminError::Internal)?;
        let value = value(&self.route, &self.path);
        let (subjects, actions): (_, &[&str]) = match about {
            About::Account => (self.subjects_of_account(visitor, value).await, ACCOUNT),
            About::NewAccount => (self.default_of_new_account(), ACCOUNT),
            About::Invited => (
                self.subjects_of_invited(visitor).await,
                &["invitation.", "consent.finish", "account.remove"],
            ),
            About::Invitation => {
                let all = visitor.control.invitations().await?;
                let its = all.iter().find(|it| it.id == value);
                let accounts = its.map_or(&[][..], |it| &it.accounts);
                let subjects = accounts.iter().map(|it| subject(it.account.as_str()));
                (subjects.collect(), &["invitation.revoke", "consent.finish"])
            }
            About::App => (vec![format!("app:{value}")], &["app."]),
            About::AdminToken => (vec![format!("admin-token:{value}")], &["admin_token."]),
            About::Plugin => (vec![format!("plugin:{value}")], &["plugin."]),
            About::Migration => (vec!["migration".to_owned()], &["migration."]),
            About::ItsFields | About::Nothing => return Ok(None),
        };
        // Without a subject there is nothing that could have changed.
        if subjects.is_empty() {
            return Ok(None);
        }
        let seen = self.fields.text("seen").parse().map_err(|_no_number| {
            let message = "this form is of another version: open the page again".to_owned();
            AdminError::Invalid("stale_form", message)
        })?;
        Ok(Some(Arc::new(Basis::new(subjects, actions, AuditId(seen)))))
    }

    async fn subjects_of_account(&self, visitor: &Visitor, name: &str) -> Vec<String> {
        let mut subjects = names_of(visitor, name).await;
        if self.fields.text("what") == "default"
            && let Ok(id) = name_of(name)
            && let Ok(account) = visitor.control.account(&id).await
        {
            subjects.push(default_subject(&account.carrier, account.environment));
        }
        subjects
    }

    /// Nobody else can have changed an account that is not there yet, but for the default that it takes.
    fn default_of_new_account(&self) -> Vec<String> {
        let (carrier, environment) = (
            self.fields.parsed("carrier"),
            self.fields.parsed("environment"),
        );
        match (carrier, environment) {
            (Ok(carrier), Ok(environment)) if self.fields.ticked("default") => {
                vec![default_subject(&carrier, environment)]
            }
            _ => Vec::new(),
        }
    }

    async fn subjects_of_invited(&self, visitor: &Visitor) -> Vec<String> {
        let mut subjects = Vec::new();
        for account in invitations::accounts_of(&self.fields) {
            subjects.extend(names_of(visitor, account).await);
        }
        subjects
    }

    /// Who sent it, whose changes rest on what the form's page has shown.
    pub(super) fn visitor(&self, visitor: &Visitor) -> Visitor {
        let mut visitor = visitor.clone();
        if let Some(basis) = &self.basis {
            visitor.control = visitor.control.based_on(Arc::clone(basis));
        }
        visitor
    }

    /// Whether the change was refused because somebody else was a moment faster.
    pub(super) fn was_overtaken(&self) -> bool {
        self.basis.as_ref().is_some_and(|it| it.was_overtaken())
    }
}

impl Change {
    fn new(visitor: &Visitor, entry: AuditView) -> Self {
        Self {
            at: moment(visitor, entry.at),
            actor: entry.actor,
            action: entry.action,
            facts: facts(&entry.detail),
        }
    }
}

/// What stands in a path at the place of a route's parameter.
fn value<'p>(route: &str, path: &'p str) -> &'p str {
    let parts = route.split('/').zip(path.split('/'));
    let mut parts = parts.filter(|(wanted, _)| wanted.starts_with('{'));
    parts.next().map_or("", |(_, value)| value)
}

fn subject(account: &str) -> String {
    format!("account:{account}")
}

/// The names by which the audit trail may call an account.
async fn names_of(visitor: &Visitor, name: &str) -> Vec<String> {
    let mut names = vec![subject(name)];
    if let Ok(id) = name_of(name)
        && let Ok(account) = visitor.control.account(&id).await
    {
        let aliases = account.aliases.iter().chain([&account.name]);
        names.extend(aliases.map(|it| subject(it.as_str())));
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stands_at_the_place_of_the_parameter() {
        for (route, path, expected) in [
            ("/ui/apps/{name}/remove", "/ui/apps/till/remove", "till"),
            ("/ui/migration/undo", "/ui/migration/undo", ""),
        ] {
            assert_eq!(value(route, path), expected);
        }
    }
}

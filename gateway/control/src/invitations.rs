//! Invitations: somebody outside signs in at a carrier with one login, and sees nothing else.
//!
//! Who has the code may begin sign-ins for the invitation's accounts until each of them has a finished and proven one,
//! or until the invitation ends. A carrier gives one grant for each sign-in, so an account takes one of its own; all of
//! them are of one login. The store decides what a code is good for, so it holds at every gateway of a fleet.

use crate::{
    Actor, ControlError, ControlPlane, Fault,
    invitation_record::{check_all_open, check_open, id_of, link, unknown, view, views},
    secret_digest::digest,
};
use gateway_api::{
    AddInvitation, ConsentDone, ConsentStarted, InvitationLink, InvitationView, PasteConsent,
};
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, Secret};
use gateway_store::{
    AccountRecord, InvitationRecord, StoreError, Timestamp, invitation_of, invitation_record_id,
};
use serde_json::json;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// How many days an invitation is good, unless the request names another number.
const USUAL_DAYS: u16 = 7;
/// The most days that an invitation may be good.
const MOST_DAYS: u16 = 30;
/// The most accounts of an invitation: more sign-ins than anybody makes in one go.
const MOST_ACCOUNTS: usize = 20;
/// How often a change is tried that another one overtook.
const ATTEMPTS: usize = 4;

/// What an invited person sees of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The invitation's id.
    pub id: String,
    /// The carrier of all accounts.
    pub carrier: CarrierId,
    /// The accounts, in their order.
    pub accounts: Vec<InvitedAccount>,
    /// When the invitation ends.
    pub expires_at: jiff::Timestamp,
}

/// An account, as an invited person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedAccount {
    /// Its name.
    pub name: AccountId,
    /// The carrier's environment.
    pub environment: Environment,
    /// The numbers that the login must own.
    pub numbers: Vec<AccountNumber>,
    /// Whether the person has signed in for it.
    pub signed_in: bool,
}

/// What administrators do with invitations.
impl ControlPlane {
    /// All invitations, the newest first, without their links.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, ControlError> {
        let records = self.context.store.invitations().await?;
        Ok(views(records, self.context.now()))
    }

    /// Makes an invitation for the accounts of a login. Only this result has its link.
    ///
    /// # Errors
    /// When there is no such account, no person has to sign in for it, it is of another carrier than the first one, or
    /// the days are out of range.
    pub async fn add_invitation(
        &self,
        actor: &Actor,
        invitation: AddInvitation,
    ) -> Result<InvitationLink, ControlError> {
        let days = invitation.days.unwrap_or(USUAL_DAYS);
        if !(1..=MOST_DAYS).contains(&days) {
            let message = format!("an invitation is good for 1 to {MOST_DAYS} days, not {days}");
            return Err(ControlError::new(Fault::Invalid, "invalid_days", message));
        }
        let accounts = self.accounts_to_invite(&invitation).await?;
        // Made here and never chosen by the caller, so that no code is guessable.
        let code = self.context.random_text();
        let (link, warning) = link(&self.context.redirect_uri(), &code)?;
        let code = digest(&code);
        let (id, wall) = (id_of(&code), self.context.clock.wall());
        let life = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let records = (1..)
            .zip(accounts)
            .map(|(number, account)| InvitationRecord {
                id: invitation_record_id(&id, number),
                code,
                account: account.name,
                actor: actor.0.clone(),
                created_at: wall.into(),
                expires_at: Timestamp::from(wall + life),
                used_at: None,
                revoked_at: None,
                revision: 0,
            });
        let records: Vec<InvitationRecord> = records.collect();
        let names: Vec<&AccountId> = records.iter().map(|it| &it.account).collect();
        let detail = json!({ "invitation": id, "days": days, "accounts": names });
        let subjects = subjects_of(&records);
        let entries = subjects.iter().map(|it| ("invitation.add", it.as_str()));
        let work = async {
            self.context.store.add_invitation(&records).await?;
            let view = view(records.clone(), wall.into()).ok_or_else(missing)?;
            Ok(InvitationLink {
                view,
                link,
                warning,
            })
        };
        self.audited_as(actor, entries.collect(), detail, work)
            .await
    }

    /// The accounts of a new invitation, each once.
    async fn accounts_to_invite(
        &self,
        invitation: &AddInvitation,
    ) -> Result<Vec<AccountRecord>, ControlError> {
        let mut accounts: Vec<AccountRecord> = Vec::new();
        let mut names: Vec<AccountId> = vec![invitation.account.clone()];
        names.extend(invitation.also.iter().cloned());
        if invitation.whole_login {
            names.extend(self.accounts_of_login(&invitation.account).await?);
        }
        for name in &names {
            let account = self.consenting_account(name).await?;
            // By another of its names, perhaps.
            if accounts.iter().any(|known| known.name == account.name) {
                continue;
            }
            if let Some(first) = accounts.first()
                && first.carrier != account.carrier
            {
                let message = format!(
                    "account {} is of carrier {} and {} of {}: one login is of one carrier",
                    first.name, first.carrier, account.name, account.carrier
                );
                return Err(
                    ControlError::new(Fault::Invalid, "several_carriers", message)
                        .remedy("make an invitation for each carrier"),
                );
            }
            accounts.push(account);
        }
        if accounts.len() > MOST_ACCOUNTS {
            let message = format!(
                "an invitation is for at most {MOST_ACCOUNTS} accounts, not {}",
                accounts.len()
            );
            return Err(
                ControlError::new(Fault::Invalid, "too_many_accounts", message)
                    .remedy("make several invitations"),
            );
        }
        Ok(accounts)
    }

    /// Takes an invitation back. What it was used for stays.
    ///
    /// # Errors
    /// When there is no such invitation.
    pub async fn revoke_invitation(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<InvitationView, ControlError> {
        // An older gateway of a fleet lists each account's record by an id of its own.
        let id = invitation_of(id);
        let known = self.context.store.records_of_invitation(id).await?;
        if known.is_empty() {
            return Err(missing());
        }
        let work = async {
            let now = self.context.now();
            let mut revoked = Vec::new();
            for record in &known {
                let changed = self.change_record(&record.id, |record| {
                    record.revoked_at = record.revoked_at.or(Some(now));
                    Ok(())
                });
                revoked.extend(changed.await?);
            }
            view(revoked, now).ok_or_else(missing)
        };
        let subjects = subjects_of(&known);
        let entries = subjects.iter().map(|it| ("invitation.revoke", it.as_str()));
        let detail = json!({ "invitation": id });
        self.audited_as(actor, entries.collect(), detail, work)
            .await
    }
}

/// What an invited person does.
impl ControlPlane {
    /// What the bearer of an invitation's code sees.
    ///
    /// # Errors
    /// When the code is unknown, or the invitation is used, over or revoked.
    pub async fn invited(&self, code: &Secret) -> Result<Invited, ControlError> {
        let records = self.open_invitation(code).await?;
        let mut accounts = Vec::new();
        let mut carrier = None;
        for record in &records {
            let account = self.known_account(&record.account).await?;
            carrier.get_or_insert(account.carrier);
            accounts.push(InvitedAccount {
                name: account.name,
                environment: account.environment,
                numbers: account.numbers,
                signed_in: record.used_at.is_some(),
            });
        }
        let view = view(records, self.context.now());
        let (Some(view), Some(carrier)) = (view, carrier) else {
            return Err(unknown());
        };
        Ok(Invited {
            id: view.id,
            carrier,
            accounts,
            expires_at: view.expires_at,
        })
    }

    /// Begins a sign-in with an invitation: for an account of it, or for the first that waits.
    ///
    /// # Errors
    /// Like [`ControlPlane::invited`] and [`ControlPlane::begin_consent`].
    pub async fn begin_invited(
        &self,
        code: &Secret,
        account: Option<&AccountId>,
    ) -> Result<ConsentStarted, ControlError> {
        let record = self.open_record(code, account).await?;
        let actor = actor_of(&record.id);
        self.begin_sign_in(&actor, &record.account, Some(&record.id))
            .await
    }

    /// Finishes a sign-in for an account with the address that an invited person copied from the browser.
    ///
    /// # Errors
    /// Like [`ControlPlane::invited`] and [`ControlPlane::paste_consent`]. Also when the sign-in was begun
    /// without this invitation.
    pub async fn paste_invited(
        &self,
        code: &Secret,
        account: Option<&AccountId>,
        pasted: PasteConsent,
    ) -> Result<ConsentDone, ControlError> {
        let record = self.open_record(code, account).await?;
        let actor = actor_of(&record.id);
        self.paste_sign_in(&actor, &record.account, Some(&record.id), pasted)
            .await
    }

    /// The record of an account, or the first one with which a sign-in can be finished.
    async fn open_record(
        &self,
        code: &Secret,
        account: Option<&AccountId>,
    ) -> Result<InvitationRecord, ControlError> {
        let (records, now) = (self.open_invitation(code).await?, self.context.now());
        let wanted = |record: &InvitationRecord| match account {
            Some(account) => record.account == *account,
            None => check_open(record, now).is_ok(),
        };
        let record = records.into_iter().find(wanted).ok_or_else(not_invited)?;
        check_open(&record, now)?;
        Ok(record)
    }

    /// All records of the invitation with this code, if one of them is open.
    async fn open_invitation(&self, code: &Secret) -> Result<Vec<InvitationRecord>, ControlError> {
        let digest = digest(code);
        let store = &self.context.store;
        let mut records = store.records_of_invitation(&id_of(&digest)).await?;
        // The whole digest, in constant time: the id is only a piece of it.
        records.retain(|record| bool::from(record.code.0.ct_eq(&digest.0)));
        if records.is_empty() {
            return Err(unknown());
        }
        check_all_open(&records, self.context.now())?;
        Ok(records)
    }

    /// Uses a record up, before its sign-in presents anything to the carrier: of two sign-ins at once
    /// only one goes on.
    pub(crate) async fn use_invitation(&self, record: &str) -> Result<(), ControlError> {
        let now = self.context.now();
        let used = self.change_record(record, |record| {
            check_open(record, now)?;
            record.used_at = Some(now);
            Ok(())
        });
        used.await?.map(drop).ok_or_else(unknown)
    }

    /// Gives a record back whose sign-in has failed. One that was revoked meanwhile stays revoked.
    pub(crate) async fn return_invitation(&self, record: &str) -> Result<(), ControlError> {
        let returned = self.change_record(record, |record| {
            record.used_at = None;
            Ok(())
        });
        // It may be gone with its account.
        returned.await.map(drop)
    }

    /// How many accounts of a record's invitation still wait for a sign-in.
    pub(crate) async fn left_of_invitation(&self, record: &str) -> usize {
        let store = &self.context.store;
        let records = store.records_of_invitation(invitation_of(record)).await;
        let records = records.unwrap_or_else(|error| {
            // The sign-in that has just been finished is no failure because of it.
            tracing::warn!(%error, "what is left of an invitation is not known");
            Vec::new()
        });
        let now = self.context.now();
        let open = records.iter().filter(|it| check_open(it, now).is_ok());
        open.count()
    }

    /// Changes a record, again if another change was faster; `None` if it is gone.
    async fn change_record(
        &self,
        id: &str,
        change: impl Fn(&mut InvitationRecord) -> Result<(), ControlError>,
    ) -> Result<Option<InvitationRecord>, ControlError> {
        let mut stale = StoreError::Stale;
        for _ in 0..ATTEMPTS {
            let Some(mut record) = self.context.store.invitation(id).await? else {
                return Ok(None);
            };
            change(&mut record)?;
            match self.context.store.update_invitation(&record).await {
                Ok(()) => return Ok(Some(record)),
                Err(error @ StoreError::Stale) => stale = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(stale.into())
    }
}

/// Who acts with an invitation, as the audit trail names it. No admin token has such a name.
fn actor_of(record: &str) -> Actor {
    Actor(format!("invitation:{}", invitation_of(record)))
}

fn subjects_of(records: &[InvitationRecord]) -> Vec<String> {
    let subject = |record: &InvitationRecord| format!("account:{}", record.account);
    records.iter().map(subject).collect()
}

fn missing() -> ControlError {
    let message = "there is no invitation with this id";
    ControlError::new(Fault::NotFound, "unknown_invitation", message)
        .remedy("`waybill invitation list` shows all of them")
}

fn not_invited() -> ControlError {
    let message = "the invitation is not for this account";
    ControlError::new(Fault::Invalid, "not_invited", message)
        .remedy("open your invitation again: it names its accounts")
}

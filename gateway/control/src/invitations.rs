//! Invitations: somebody outside signs in at the carrier of one account, and sees nothing else.
//!
//! Who has the code may begin sign-ins for the account until one of them is finished and proven, or until the
//! invitation ends. The store decides what a code is good for, so it holds at every gateway of a fleet.

use crate::{
    Actor, ControlError, ControlPlane, Fault,
    invitation_record::{check_open, id_of, link, unknown, view},
    secret_digest::digest,
};
use gateway_api::{
    AddInvitation, ConsentDone, ConsentStarted, InvitationLink, InvitationView, PasteConsent,
};
use gateway_model::{AccountId, AccountNumber, CarrierId, Environment, Secret};
use gateway_store::{InvitationRecord, StoreError, Timestamp};
use serde_json::json;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// How many days an invitation is good, unless the request names another number.
const USUAL_DAYS: u16 = 7;
/// The most days that an invitation may be good.
const MOST_DAYS: u16 = 30;
/// How often a change is tried that another one overtook.
const ATTEMPTS: usize = 4;

/// What an invited person sees of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The invitation's id.
    pub id: String,
    /// The account.
    pub account: AccountId,
    /// Its carrier.
    pub carrier: CarrierId,
    /// The carrier's environment.
    pub environment: Environment,
    /// The numbers that the login must own.
    pub numbers: Vec<AccountNumber>,
    /// When the invitation ends.
    pub expires_at: jiff::Timestamp,
}

/// What administrators do with invitations.
impl ControlPlane {
    /// All invitations, the newest first, without their links.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, ControlError> {
        let mut records = self.context.store.invitations().await?;
        records.sort_by_key(|record| std::cmp::Reverse(record.created_at));
        let now = self.context.now();
        Ok(records.into_iter().map(|it| view(it, now)).collect())
    }

    /// Makes an invitation for an account. Only this result has its link.
    ///
    /// # Errors
    /// When there is no such account, no person has to sign in for it, or the days are out of range.
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
        let account = self.consenting_account(&invitation.account).await?;
        // Made here and never chosen by the caller, so that no code is guessable.
        let code = self.context.random_text();
        let (link, warning) = link(&self.context.redirect_uri(), &code)?;
        let code = digest(&code);
        let wall = self.context.clock.wall();
        let life = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let record = InvitationRecord {
            id: id_of(&code),
            code,
            account: account.name,
            actor: actor.0.clone(),
            created_at: wall.into(),
            expires_at: Timestamp::from(wall + life),
            used_at: None,
            revoked_at: None,
            revision: 0,
        };
        let detail = json!({ "invitation": record.id, "days": days });
        let subject = format!("account:{}", record.account);
        let work = async {
            self.context.store.add_invitation(&record).await?;
            Ok(InvitationLink {
                view: view(record.clone(), wall.into()),
                link,
                warning,
            })
        };
        self.audited(actor, "invitation.add", &subject, detail, work)
            .await
    }

    /// Takes an invitation back. One that was used stays used.
    ///
    /// # Errors
    /// When there is no such invitation.
    pub async fn revoke_invitation(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<InvitationView, ControlError> {
        let missing = || {
            let message = "there is no invitation with this id";
            ControlError::new(Fault::NotFound, "unknown_invitation", message)
                .remedy("`waybill invitation list` shows all of them")
        };
        let known = self.context.store.invitation(id).await?;
        let known = known.ok_or_else(missing)?;
        let subject = format!("account:{}", known.account);
        let work = async {
            let now = self.context.now();
            let revoked = self
                .change_invitation(id, |record| {
                    record.revoked_at = record.revoked_at.or(Some(now));
                    Ok(())
                })
                .await?;
            Ok(view(revoked.ok_or_else(missing)?, now))
        };
        let detail = json!({ "invitation": id });
        self.audited(actor, "invitation.revoke", &subject, detail, work)
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
        let record = self.open_invitation(code).await?;
        let account = self.known_account(&record.account).await?;
        Ok(Invited {
            expires_at: view(record.clone(), self.context.now()).expires_at,
            id: record.id,
            account: account.name,
            carrier: account.carrier,
            environment: account.environment,
            numbers: account.numbers,
        })
    }

    /// Begins a sign-in with an invitation.
    ///
    /// # Errors
    /// Like [`ControlPlane::invited`] and [`ControlPlane::begin_consent`].
    pub async fn begin_invited(&self, code: &Secret) -> Result<ConsentStarted, ControlError> {
        let record = self.open_invitation(code).await?;
        let actor = actor_of(&record.id);
        self.begin_sign_in(&actor, &record.account, Some(&record.id))
            .await
    }

    /// Finishes a sign-in with the address that an invited person copied from the browser.
    ///
    /// # Errors
    /// Like [`ControlPlane::invited`] and [`ControlPlane::paste_consent`]. Also when the sign-in was begun
    /// without this invitation.
    pub async fn paste_invited(
        &self,
        code: &Secret,
        pasted: PasteConsent,
    ) -> Result<ConsentDone, ControlError> {
        let record = self.open_invitation(code).await?;
        let actor = actor_of(&record.id);
        self.paste_sign_in(&actor, &record.account, Some(&record.id), pasted)
            .await
    }

    async fn open_invitation(&self, code: &Secret) -> Result<InvitationRecord, ControlError> {
        let digest = digest(code);
        let record = self.context.store.invitation(&id_of(&digest)).await?;
        let record = record.ok_or_else(unknown)?;
        // The whole digest, in constant time: the id is only a piece of it.
        if !bool::from(record.code.0.ct_eq(&digest.0)) {
            return Err(unknown());
        }
        check_open(&record, self.context.now())?;
        Ok(record)
    }

    /// Uses an invitation up, before its sign-in presents anything to the carrier: of two sign-ins at once
    /// only one goes on.
    pub(crate) async fn use_invitation(&self, id: &str) -> Result<(), ControlError> {
        let now = self.context.now();
        let used = self.change_invitation(id, |record| {
            check_open(record, now)?;
            record.used_at = Some(now);
            Ok(())
        });
        used.await?.map(drop).ok_or_else(unknown)
    }

    /// Gives an invitation back whose sign-in has failed. One that was revoked meanwhile stays revoked.
    pub(crate) async fn return_invitation(&self, id: &str) -> Result<(), ControlError> {
        let returned = self.change_invitation(id, |record| {
            record.used_at = None;
            Ok(())
        });
        // It may be gone with its account.
        returned.await.map(drop)
    }

    /// Changes an invitation, again if another change was faster; `None` if it is gone.
    async fn change_invitation(
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
fn actor_of(id: &str) -> Actor {
    Actor(format!("invitation:{id}"))
}

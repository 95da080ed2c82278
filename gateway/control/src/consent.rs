//! Consent: a person signs in at the carrier, and a test call proves whose login it is.

use crate::{
    Actor, ControlError, ControlPlane, Fault, api_time,
    invitation_record::way_out,
    pasted::{Callback, Pasted},
    secret_digest,
    signing::PresentedCredential,
    wiring::Wired,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gateway_api::{ConsentDone, ConsentStarted, PasteConsent, ProbeReport, SecretText};
use gateway_broker::{Authorization, AuthorizationReason, Issued, Transport};
use gateway_model::{AccountId, Failure, FailureClass, GrantKind, NoticeKind, Secret, SecretBytes};
use gateway_plugin_host::ConsentRequest;
use gateway_store::{AccountRecord, ConsentRecord, TakenConsent, Timestamp, invitation_of};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::SystemTime;

/// The notices that a new login closes.
const ENDED_BY_CONSENT: [NoticeKind; 5] = [
    NoticeKind::Ending,
    NoticeKind::Ended,
    NoticeKind::Refused,
    NoticeKind::InDoubt,
    NoticeKind::Misconfigured,
];

impl ControlPlane {
    /// Begins a consent and returns the URL at which a person signs in. The state in that URL can be
    /// used once, for this account and redirect URI, until the consent expires.
    ///
    /// # Errors
    /// When the account needs no consent, is switched off, or its plugin refuses.
    pub async fn begin_consent(
        &self,
        actor: &Actor,
        account: &AccountId,
    ) -> Result<ConsentStarted, ControlError> {
        self.begin_sign_in(actor, account, None).await
    }

    /// Begins a consent, with the id of an invitation's record if the person came with one.
    pub(crate) async fn begin_sign_in(
        &self,
        actor: &Actor,
        account: &AccountId,
        invitation: Option<&str>,
    ) -> Result<ConsentStarted, ControlError> {
        let record = self.consenting_account(account).await?;
        let subject = format!("account:{}", record.name);
        // In the trail even if it fails: who tried to sign in is worth knowing.
        let work = async {
            let wired = self.connected(&record).await?;
            let instance = wired
                .instance
                .as_ref()
                .ok_or_else(|| misconfigured(&wired))?;
            // Two texts, because the state travels through the browser and the verifier must not.
            let (state, verifier) = (self.context.random_text(), self.context.random_text());
            // Recorded with the consent, because the token request must repeat it exactly (RFC 6749
            // section 4.1.3).
            let redirect_uri = self.context.redirect_uri();
            let request = ConsentRequest {
                slot: wired.spec.slot.clone(),
                redirect_uri: redirect_uri.clone(),
                state: state.clone(),
                // The S256 method (RFC 7636 section 4.2): the verifier itself never leaves this machine
                // before the token request.
                pkce_challenge: URL_SAFE_NO_PAD
                    .encode(Sha256::digest(verifier.expose().as_bytes())),
            };
            // Before anything is stored: a plugin that refuses leaves no consent behind.
            let url = instance
                .authorize_url(&request)
                .await
                .map_err(|failure| refused(&record.name, failure))?;
            let now = self.context.clock.wall();
            let expires_at = Timestamp::from(now + self.context.settings().consent_lifetime);
            let consent = ConsentRecord {
                // Only the digest is stored: a copy of the database must not let anyone finish a
                // consent.
                state: secret_digest::digest(&state),
                account: record.name.clone(),
                redirect_uri: redirect_uri.clone(),
                verifier,
                actor: actor.0.clone(),
                invitation: invitation.map(str::to_owned),
                created_at: now.into(),
                expires_at,
            };
            self.context.store.add_consent(&consent).await?;
            Ok(ConsentStarted {
                account: record.name.clone(),
                url: SecretText(url),
                redirect_uri,
                expires_at: api_time::from_store(expires_at),
            })
        };
        self.audited(actor, "consent.begin", &subject, json!({}), work)
            .await
    }

    /// Finishes a consent with the carrier's redirect (`/oauth/callback?code=…&state=…`). `query` is
    /// its raw query. The state proves that this gateway began the consent.
    ///
    /// # Errors
    /// When the link is unknown, used or expired, the person refused, the carrier does not accept the
    /// code, or the login does not own the account's numbers. The account then keeps its old login.
    pub async fn finish_consent(&self, query: &SecretText) -> Result<ConsentDone, ControlError> {
        let callback = Callback::of_query(query.0.expose())?;
        let state = callback.state.as_ref().ok_or_else(no_state)?;
        let (store, state) = (&self.context.store, secret_digest::digest(state));
        // Taken before the code is exchanged: a second redirect with the same state finds nothing, so
        // two of them never present a code at the same time.
        let consent = fresh(store.take_consent(&state, self.context.now()).await?)?;
        self.finish_or_return(consent, callback).await
    }

    /// Finishes a consent that was taken. Only a success uses its state up: after a failure the person
    /// can go back and finish the same sign-in.
    async fn finish_or_return(
        &self,
        consent: ConsentRecord,
        callback: Callback,
    ) -> Result<ConsentDone, ControlError> {
        let taken = consent.clone();
        let finished = self.finish(consent, callback).await;
        if finished.is_err() {
            self.context.store.return_consent(&taken).await?;
        }
        finished
    }

    /// Finishes a consent with what a person copied: the whole redirected address, or the code alone.
    ///
    /// # Errors
    /// Like [`ControlPlane::finish_consent`]. Also when the text contains no code, or belongs to
    /// another account.
    pub async fn paste_consent(
        &self,
        actor: &Actor,
        account: &AccountId,
        pasted: PasteConsent,
    ) -> Result<ConsentDone, ControlError> {
        self.paste_sign_in(actor, account, None, pasted).await
    }

    /// Finishes a consent with what a person copied. With the id of an invitation's record, only a consent that
    /// was begun with it.
    pub(crate) async fn paste_sign_in(
        &self,
        actor: &Actor,
        account: &AccountId,
        invitation: Option<&str>,
        pasted: PasteConsent,
    ) -> Result<ConsentDone, ControlError> {
        let record = self.consenting_account(account).await?;
        let (store, now) = (&self.context.store, self.context.now());
        let (taken, callback, bare) = match Pasted::parse(&pasted.redirected.0)? {
            Pasted::Address(callback) => {
                let state = callback.state.as_ref().ok_or_else(no_state)?;
                let state = secret_digest::digest(state);
                (store.take_consent(&state, now).await?, callback, None)
            }
            Pasted::Code(code) => {
                let length = code.expose().len();
                let callback = Callback::of_code(code);
                let taken = store.take_consent_of(&record.name, now).await?;
                (taken, callback, Some(length))
            }
        };
        let mut consent = fresh(taken)?;
        if consent.account != record.name {
            // The person pasted it in the wrong place: the other account's sign-in goes on.
            store.return_consent(&consent).await?;
            return Err(of_another(&consent.account, &record.name));
        }
        if invitation.is_some_and(|id| consent.invitation.as_deref() != Some(id)) {
            store.return_consent(&consent).await?;
            return Err(of_another_invitation());
        }
        // The audit trail names the person who finishes the consent.
        consent.actor.clone_from(&actor.0);
        let done = self.finish_or_return(consent, callback).await;
        done.map_err(|error| match bare {
            Some(length) if error.code == "code_refused" => {
                taken_for_code(length, &record.name, error)
            }
            Some(_) | None => error,
        })
    }

    async fn finish(
        &self,
        consent: ConsentRecord,
        callback: Callback,
    ) -> Result<ConsentDone, ControlError> {
        // Read again: the account may have been changed or removed while the person signed in.
        let record = self.consenting_account(&consent.account).await?;
        let actor = Actor(consent.actor.clone());
        let subject = format!("account:{}", record.name);
        let work = async {
            let code = callback.code(&record.name)?;
            let Some(invitation) = &consent.invitation else {
                return self.replace_login(&record, &consent, code).await;
            };
            self.use_invitation(invitation).await?;
            let mut done = self.replace_login(&record, &consent, code).await;
            match &mut done {
                Ok(done) => done.invitation_left = self.left_of_invitation(invitation).await,
                Err(_) => self.return_invitation(invitation).await?,
            }
            done
        };
        let detail = match &consent.invitation {
            Some(id) => json!({ "invitation": invitation_of(id) }),
            None => json!({}),
        };
        let done = self.audited(&actor, "consent.finish", &subject, detail, work);
        done.await.map_err(|error| match &consent.invitation {
            Some(_) => way_out(error, &record.numbers),
            None => error,
        })
    }

    /// Exchanges the code, proves the new login, and lets it replace the old one.
    async fn replace_login(
        &self,
        record: &AccountRecord,
        consent: &ConsentRecord,
        code: Secret,
    ) -> Result<ConsentDone, ControlError> {
        let wired = self.connected(record).await?;
        // Before the exchange: lifetimes count from the request, the careful end.
        let begun = self.context.clock.wall();
        let issued = exchange(&wired, consent, code).await?;
        // The new login is proven before it replaces the old one: a person who signed in as the wrong
        // user must not break a working account.
        let proof = self
            .prove(record, &wired, PresentedCredential::from(&issued))
            .await?;
        if !proof.ok {
            return Err(not_proven(record, &proof));
        }
        self.sign_in(record, &wired, &issued, begun).await?;
        Ok(ConsentDone {
            account: self.account(&record.name).await?,
            proof,
            invitation: (consent.invitation.as_deref()).map(|it| invitation_of(it).to_owned()),
            invitation_left: 0,
        })
    }

    /// Replaces the account's login with the proven one.
    async fn sign_in(
        &self,
        record: &AccountRecord,
        wired: &Wired,
        issued: &Issued,
        begun: SystemTime,
    ) -> Result<(), ControlError> {
        let (store, now) = (&self.context.store, self.context.now());
        // The lock is taken only now: the carrier's slow responses must not hold up other changes.
        let _turn = self.context.changes.lock().await;
        let completion = gateway_broker::completion(&wired.spec, issued, begun, None);
        // Durable first: after a crash before `adopt`, the next start takes the grant from the
        // store.
        store.replace_grant(&record.name, &completion, now).await?;
        if let Some(grant) = store.grant(&record.name).await? {
            self.context.broker.adopt(&grant);
        }
        store
            .close_notices(&record.name, &ENDED_BY_CONSENT, now)
            .await?;
        self.context.reminder_state.review.notify_one();
        Ok(())
    }

    pub(crate) async fn consenting_account(
        &self,
        name: &AccountId,
    ) -> Result<AccountRecord, ControlError> {
        let record = self.known_account(name).await?;
        match record.grant {
            GrantKind::AuthorizationCode => Ok(record),
            GrantKind::ClientCredentials => {
                let message = format!(
                    "account {name} uses only its client id and secret: no person has to sign in"
                );
                Err(ControlError::new(
                    Fault::Invalid,
                    "no_consent_needed",
                    message,
                ))
            }
        }
    }
}

/// Exchanges the code for tokens (RFC 6749 section 4.1.3).
async fn exchange(
    wired: &Wired,
    consent: &ConsentRecord,
    code: Secret,
) -> Result<Issued, ControlError> {
    let authorization = Authorization {
        reason: AuthorizationReason::AuthCode,
        slot: wired.spec.slot.clone(),
        // Empty: the state of an earlier login must not colour the new one.
        state: SecretBytes::default(),
        params: vec![
            ("code".to_owned(), code),
            (
                "redirect_uri".to_owned(),
                Secret::new(consent.redirect_uri.clone()),
            ),
            ("pkce_verifier".to_owned(), consent.verifier.clone()),
        ],
    };
    let issued = wired
        .spec
        .authorizer
        // Not through the broker, whose flights belong to the login that is still in use.
        .authorize(authorization, Transport::Direct)
        .await;
    issued.map_err(|failure| refused(&consent.account, failure))
}

/// The carrier's or the plugin's failure as an error of the control plane.
fn refused(account: &AccountId, failure: Failure) -> ControlError {
    let (fault, code) = match failure.class {
        FailureClass::Transient | FailureClass::Protocol => (Fault::Carrier, "carrier_trouble"),
        FailureClass::Rejected => (Fault::Refused, "client_refused"),
        FailureClass::Interaction => (Fault::Refused, "code_refused"),
        FailureClass::Config => (Fault::Invalid, "misconfigured"),
        FailureClass::Bug => (Fault::Unavailable, "plugin_fault"),
    };
    let remedy = match failure.class {
        FailureClass::Transient | FailureClass::Protocol => format!(
            "begin the sign-in again in a few minutes with `waybill account authorize {account}`; the \
             account keeps its old login"
        ),
        FailureClass::Rejected => format!(
            "check the account's client id and secret, and its environment; `waybill account \
             rotate-secret {account}` stores another secret"
        ),
        FailureClass::Interaction => format!(
            "begin the sign-in again with `waybill account authorize {account}`: a code can be used once, \
             within a few minutes"
        ),
        FailureClass::Config => format!(
            "compare client id, secret and redirect URI with the registration at the carrier; `waybill \
             account show {account}` prints the id"
        ),
        FailureClass::Bug => {
            "replace the carrier's plugin; `waybill plugin reload NAME` loads the new file"
                .to_owned()
        }
    };
    ControlError::new(fault, code, failure.to_string()).remedy(remedy)
}

fn misconfigured(wired: &Wired) -> ControlError {
    let why = wired.problem.as_ref().map(ToString::to_string);
    ControlError::new(Fault::Invalid, "misconfigured", why.unwrap_or_default())
}

fn not_proven(record: &AccountRecord, proof: &ProbeReport) -> ControlError {
    let code = if proof.owned == Some(false) {
        "wrong_login"
    } else {
        "not_proven"
    };
    let message = format!(
        "{}; account {} keeps its old login",
        proof.message, record.name
    );
    let mut error = ControlError::new(Fault::Refused, code, message);
    error.remedy.clone_from(&proof.remedy);
    error
}

fn of_another(other: &AccountId, account: &AccountId) -> ControlError {
    let message = format!("this address belongs to a consent for account {other}, not {account}");
    ControlError::new(Fault::Invalid, "foreign_state", message).remedy(format!(
        "both sign-ins can still be finished: paste this address with `waybill account paste \
         {other}`, and the other one here; `waybill account authorize {account}` begins a new one"
    ))
}

/// The carrier refused a text that was not an address, so it was presented as a code.
fn taken_for_code(length: usize, account: &AccountId, error: ControlError) -> ControlError {
    let message = format!(
        "the pasted text is not an address; its {length} characters were taken for the code of the \
         sign-in, and {}",
        error.message
    );
    ControlError::new(error.fault, error.code, message).remedy(format!(
        "copy the whole address from the browser after signing in, and paste it: this sign-in can \
         still be finished; or begin the sign-in again with `waybill account authorize {account}`"
    ))
}

fn of_another_invitation() -> ControlError {
    let message = "this address belongs to a sign-in that was begun without this invitation";
    ControlError::new(Fault::Invalid, "foreign_state", message).remedy(
        "begin the sign-in again from your invitation, and paste the address that it ends at",
    )
}

fn no_state() -> ControlError {
    ControlError::new(
        Fault::Invalid,
        "no_state",
        "the address has no state, so it cannot be matched to a sign-in",
    )
    .remedy("copy the whole address that the carrier redirected to")
}

fn fresh(taken: TakenConsent) -> Result<ConsentRecord, ControlError> {
    let again = "begin a new sign-in with `waybill account authorize ACCOUNT`, or on the page of the account; \
                 if somebody invited you, open your invitation again";
    let (code, message) = match taken {
        TakenConsent::Fresh(consent) => return Ok(consent),
        TakenConsent::Expired => (
            "link_expired",
            "the sign-in took too long, and its link has expired",
        ),
        TakenConsent::Used => (
            "link_used",
            "this sign-in was finished already, and its link can be used only once",
        ),
        TakenConsent::Unknown => (
            "unknown_link",
            "this gateway did not begin that sign-in, or it expired long ago",
        ),
    };
    Err(ControlError::new(Fault::Invalid, code, message).remedy(again))
}

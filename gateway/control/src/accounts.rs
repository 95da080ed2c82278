//! Accounts: adding, changing, removing.

use crate::{
    Actor, ControlError, ControlPlane, Fault,
    account_record::{
        MAX_NUMBERS, changed, client_id, has_credentials, managed, secret_settings, secrets,
    },
    account_view::{SignIn, view},
    publication::Touched,
};
use gateway_api::{AccountView, AddAccount, UpdateAccount};
use gateway_broker::{Authorization, AuthorizationReason, Transport};
use gateway_model::{
    AccountId, CarrierId, Environment, Failure, FailureClass, GrantKind, ManagedBy, NoticeKind,
    SecretBytes,
};
use gateway_store::AccountRecord;
use serde_json::json;
use std::collections::HashMap;

impl ControlPlane {
    /// All accounts, ordered by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn accounts(&self) -> Result<Vec<AccountView>, ControlError> {
        let notices = self.notices().await?;
        let store = &self.context.store;
        let mut sign_ins = HashMap::new();
        store
            // Not the whole grant: it contains secrets, and there may be thousands of them.
            .each_grant(|grant| {
                let sign_in = SignIn::of(&grant);
                sign_ins.insert(grant.account, sign_in);
            })
            .await?;
        let mut accounts = store.accounts().await?;
        // The store has no order of its own.
        accounts.sort_by(|one, other| one.name.cmp(&other.name));
        let views = accounts.into_iter().map(|account| {
            let sign_in = sign_ins.remove(&account.name).unwrap_or_default();
            let status = self.context.broker.handle().status(&account.name);
            let mut view = view(account, sign_in, status.as_ref());
            view.notices = notices
                .iter()
                .filter(|notice| notice.account == view.name)
                .cloned()
                .collect();
            view.rates = self.context.rates.of(&view.name, &view.numbers);
            view
        });
        Ok(views.collect())
    }

    /// One account.
    ///
    /// # Errors
    /// When there is no such account, or the store cannot be read.
    pub async fn account(&self, name: &AccountId) -> Result<AccountView, ControlError> {
        let account = self.known_account(name).await?;
        let grant = self.context.store.grant(&account.name).await?;
        let status = self.context.broker.handle().status(&account.name);
        let sign_in = grant.as_ref().map(SignIn::of).unwrap_or_default();
        let mut view = view(account, sign_in, status.as_ref());
        view.notices = self.notices_of(&view.name).await?;
        view.rates = self.context.rates.of(&view.name, &view.numbers);
        Ok(view)
    }

    /// Adds an account. For one with client credentials the first token is requested at once.
    ///
    /// # Errors
    /// When its name is taken, or its configuration cannot work.
    pub async fn add_account(
        &self,
        actor: &Actor,
        account: AddAccount,
    ) -> Result<AccountView, ControlError> {
        // The number of secrets and never the secrets: the trail is read by people.
        let detail = json!({
            "carrier": account.carrier, "environment": account.environment,
            "grant": account.grant, "numbers": account.numbers, "client_id": account.client_id,
            "settings": account.settings,
            "secret_settings": account.secret_settings.keys().collect::<Vec<_>>(),
        });
        let subject = format!("account:{}", account.name);
        let of_default =
            (account.default).then(|| default_subject(&account.carrier, account.environment));
        let work = async {
            let record = self.record(account)?;
            self.check(&record)?;
            // From the first write to the publication, so that a second change cannot publish an older state over this
            // one.
            let _turn = self.context.changes.lock().await;
            let known = self.context.served().take();
            self.context.store.add_account(&record).await?;
            // After the store: an account that the broker had alone would be gone with the next start.
            self.connect(&record).await?;
            self.publish(known, Touched::Account(&record.name)).await?;
            // After publishing: a request that arrives now waits for this token instead of being
            // refused.
            self.context.broker.handle().warm(&record.name);
            self.account(&record.name).await
        };
        let entries = with_default(("account.add", &subject), of_default.as_deref());
        self.audited_as(actor, entries, detail, work).await
    }

    /// Changes an account. New credentials discard the tokens of the old ones.
    ///
    /// # Errors
    /// When there is no such account, the configuration manages it, or the change cannot work.
    pub async fn update_account(
        &self,
        actor: &Actor,
        name: &AccountId,
        change: UpdateAccount,
    ) -> Result<AccountView, ControlError> {
        let detail = json!({
            "aliases": change.aliases, "numbers": change.numbers, "client_id": change.client_id,
            "client_secrets": change.client_secrets.as_ref().map(Vec::len),
            "settings": change.settings,
            "secret_settings": change.secret_settings.as_ref()
                .map(|secrets| secrets.keys().collect::<Vec<_>>()),
            "active": change.active, "default": change.default,
        });
        let subject = format!("account:{name}");
        let of_default = if change.default == Some(true) {
            let account = self.context.store.account(name).await?;
            account.map(|it| default_subject(&it.carrier, it.environment))
        } else {
            None
        };
        let work = async {
            // Before anything is stored: the old credentials serve until the new ones have worked. Before
            // the lock as well: a slow carrier must not hold up other changes.
            self.prove_change(name, &change).await?;
            // Before the record is read, so that two changes of one account follow each other.
            let _turn = self.context.changes.lock().await;
            let before = self.known_account(name).await?;
            // A login is bound to a person's consent, not to a secret: another secret keeps it.
            let new_credentials =
                before.grant == GrantKind::ClientCredentials && has_credentials(&change);
            let record = changed(&before, change)?;
            self.check(&record)?;
            let known = self.context.served().take();
            let record = self.context.store.update_account(&record).await?;
            if new_credentials {
                // The notice is about the old credentials. If the carrier refuses the new ones, too,
                // it opens again.
                let (store, now) = (&self.context.store, self.context.now());
                store
                    .close_notices(&record.name, &[NoticeKind::Refused], now)
                    .await?;
            }
            if record.active {
                self.connect(&record).await?;
            } else {
                self.context.broker.remove_account(&record.name);
                self.context.set_wired(&record.name, None);
            }
            self.publish(known, Touched::Account(&record.name)).await?;
            self.context.broker.handle().warm(&record.name);
            // The operator is looking at this account now: do not leave its notices to the next
            // review.
            self.context.reminder_state.review.notify_one();
            self.account(&record.name).await
        };
        let entries = with_default(("account.change", &subject), of_default.as_deref());
        self.audited_as(actor, entries, detail, work).await
    }

    /// Removes an account with its tokens, grant and notices.
    ///
    /// # Errors
    /// When there is no such account, or the configuration still declares it.
    pub async fn remove_account(
        &self,
        actor: &Actor,
        name: &AccountId,
    ) -> Result<(), ControlError> {
        let subject = format!("account:{name}");
        let work = async {
            let _turn = self.context.changes.lock().await;
            let account = self.known_account(name).await?;
            // An inactive one is no longer declared: the start has switched it off.
            if account.managed_by == ManagedBy::Config && account.active {
                return Err(managed(&account));
            }
            let known = self.context.served().take();
            // The broker first: it must not request a token for an account that the store no longer
            // has.
            self.context.broker.remove_account(&account.name);
            self.context.set_wired(&account.name, None);
            self.context.rates.forget(&account.name);
            self.context.store.remove_account(&account.name).await?;
            // Last, so that the data plane answers with the reason until the account is really gone.
            self.publish(known, Touched::Account(&account.name)).await
        };
        self.audited(actor, "account.remove", &subject, json!({}), work)
            .await
    }

    /// The account of that name.
    pub(crate) async fn known_account(
        &self,
        name: &AccountId,
    ) -> Result<AccountRecord, ControlError> {
        let account = self.context.store.account(name).await?;
        account.ok_or_else(|| {
            let message = format!("there is no account {name}");
            ControlError::new(Fault::NotFound, "unknown_account", message)
                .remedy("`waybill account list` shows all accounts")
        })
    }

    /// The record of an account to add.
    pub(crate) fn record(&self, account: AddAccount) -> Result<AccountRecord, ControlError> {
        let now = self.context.now();
        Ok(AccountRecord {
            name: account.name,
            aliases: account.aliases,
            carrier: account.carrier,
            environment: account.environment,
            numbers: account.numbers,
            grant: account.grant,
            client_id: client_id(account.client_id)?,
            client_secrets: secrets(account.client_secrets)?,
            secret_settings: secret_settings(account.secret_settings, &account.settings)?,
            settings: account.settings,
            active: true,
            default: account.default,
            managed_by: ManagedBy::Operator,
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }

    /// Requests a token with the new client id and secrets of a change, if it has some. One of several
    /// secrets has to work. The token is not used.
    async fn prove_change(
        &self,
        name: &AccountId,
        change: &UpdateAccount,
    ) -> Result<(), ControlError> {
        let before = self.known_account(name).await?;
        let new = has_credentials(change);
        // What a person has signed in for is proven by the next sign-in: a refresh token works once.
        if !new || before.grant != GrantKind::ClientCredentials {
            return Ok(());
        }
        let record = changed(&before, change.clone())?;
        self.check(&record)?;
        let wiring = self.context.wiring();
        let instances = &wiring.instances;
        // A working account must not end by a typing mistake; one that does not work may be mended in steps.
        if let Err(why) = instances.accepts(&record)
            && instances.accepts(&before).is_ok()
        {
            let message = format!("{why}; account {name} stays as it was");
            return Err(ControlError::new(Fault::Invalid, "misconfigured", message)
                .remedy("correct the setting, and try again"));
        }
        // A misconfigured or inactive account has no token to lose.
        let Some((authorizer, slot)) = self.context.wiring().authorizer(&record) else {
            return Ok(());
        };
        if !record.active {
            return Ok(());
        }
        let authorization = Authorization {
            reason: AuthorizationReason::Fetch,
            slot,
            state: SecretBytes::default(),
            params: Vec::new(),
        };
        let issued = authorizer.authorize(authorization, Transport::Direct).await;
        issued.map(drop).map_err(|failure| unproven(name, &failure))
    }

    /// Refuses an account that could never work.
    pub(crate) fn check(&self, record: &AccountRecord) -> Result<(), ControlError> {
        let invalid = |message: String| ControlError::new(Fault::Invalid, "invalid", message);
        if record.numbers.len() > MAX_NUMBERS {
            let message = format!("an account has at most {MAX_NUMBERS} numbers");
            return Err(invalid(message));
        }
        let plugins = &self.context.plugins;
        if plugins.plugin(&record.carrier).is_none() {
            let message = format!("no active plugin serves carrier {}", record.carrier);
            return Err(invalid(message).remedy(
                "`waybill plugin list` shows the carriers; put the plugin's file into plugins.dir",
            ));
        }
        Ok(())
    }
}

/// What the audit trail calls the choice of the default account of a carrier and environment. Another account's
/// choice changes it as well.
pub fn default_subject(carrier: &CarrierId, environment: Environment) -> String {
    format!("default:{carrier}/{}", environment.as_str())
}

/// The entries of a change, with one for the default that it takes from another account.
fn with_default<'e>(
    change: (&'e str, &'e str),
    of_default: Option<&'e str>,
) -> Vec<(&'e str, &'e str)> {
    let taken = of_default.map(|subject| ("account.default", subject));
    [change].into_iter().chain(taken).collect()
}

/// The new credentials did not get a token.
pub(crate) fn unproven(account: &AccountId, failure: &Failure) -> ControlError {
    let (fault, code, remedy) = match failure.class {
        FailureClass::Transient | FailureClass::Protocol => (
            Fault::Carrier,
            "carrier_trouble",
            "try again when the carrier can be reached",
        ),
        FailureClass::Rejected | FailureClass::Interaction => (
            Fault::Refused,
            "client_refused",
            "compare both with the carrier's developer page, and try again",
        ),
        FailureClass::Config => (
            Fault::Invalid,
            "misconfigured",
            "compare the client id with the carrier's developer page, and try again",
        ),
        FailureClass::Bug => (
            Fault::Unavailable,
            "plugin_fault",
            "replace the carrier's plugin; `waybill plugin reload NAME` loads the new file",
        ),
    };
    let message = format!(
        "the new credentials did not get a token: {failure}; account {account} keeps its old \
         ones, and nothing was changed"
    );
    ControlError::new(fault, code, message).remedy(remedy)
}

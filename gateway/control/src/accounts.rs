//! Accounts: adding, changing, removing.

use crate::{
    Actor, ControlError, ControlPlane, Fault,
    api_time::in_words,
    publication::Touched,
    restored::{cause_of_doubt, older_state},
};
use gateway_api::{AccountState, AccountView, AddAccount, SecretText, UpdateAccount};
use gateway_broker::{AccountStatus, Authorization, AuthorizationReason, Transport};
use gateway_model::{
    AccountId, Failure, FailureClass, GrantKind, GrantStatus, ManagedBy, NoticeKind, Secret,
    SecretBytes, SettingName, UnavailableReason,
};
use gateway_store::{AccountRecord, GrantRecord, RestoredFrom, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The maximum number of account numbers: more than a login owns in practice, and few enough to make a
/// test call with each.
pub(crate) const MAX_NUMBERS: usize = 32;

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
        self.audited(actor, "account.add", &subject, detail, work)
            .await
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
        self.audited(actor, "account.change", &subject, detail, work)
            .await
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
        let instances = &self.context.wiring.instances;
        // A working account must not end by a typing mistake; one that does not work may be mended in steps.
        if let Err(why) = instances.accepts(&record)
            && instances.accepts(&before).is_ok()
        {
            let message = format!("{why}; account {name} stays as it was");
            return Err(ControlError::new(Fault::Invalid, "misconfigured", message)
                .remedy("correct the setting, and try again"));
        }
        // A misconfigured or inactive account has no token to lose.
        let Some((authorizer, slot)) = self.context.wiring.authorizer(&record) else {
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
    fn check(&self, record: &AccountRecord) -> Result<(), ControlError> {
        let invalid = |message: String| ControlError::new(Fault::Invalid, "invalid", message);
        if record.numbers.len() > MAX_NUMBERS {
            let message = format!("an account has at most {MAX_NUMBERS} numbers");
            return Err(invalid(message));
        }
        let plugins = &self.context.wiring.instances.plugins;
        if plugins.plugin(&record.carrier).is_none() {
            let message = format!("no active plugin serves carrier {}", record.carrier);
            return Err(invalid(message).remedy(
                "`waybill plugin list` shows the carriers; put the plugin's file into plugins.dir",
            ));
        }
        Ok(())
    }
}

/// Whether a change replaces something that a token depends on.
const fn has_credentials(change: &UpdateAccount) -> bool {
    change.client_id.is_some()
        || change.client_secrets.is_some()
        || change.settings.is_some()
        || change.secret_settings.is_some()
}

/// The record after the change.
fn changed(before: &AccountRecord, change: UpdateAccount) -> Result<AccountRecord, ControlError> {
    let only_switched = change.aliases.is_none()
        && change.numbers.is_none()
        && !has_credentials(&change)
        && change.default.is_none();
    // Switching an account on or off is an operational decision, so it is allowed for a declared
    // account, too.
    if before.managed_by == ManagedBy::Config && !only_switched {
        return Err(managed(before));
    }
    let mut record = before.clone();
    if let Some(id) = change.client_id.filter(|id| *id != before.client_id) {
        // A refresh token is bound to the client to which it was issued (RFC 6749 section 6).
        if before.grant == GrantKind::AuthorizationCode {
            let message = "the login of this account belongs to its client id";
            return Err(ControlError::new(Fault::Invalid, "client_id_bound", message).remedy(
                "add another account with the new client id, authorize it, then remove this one",
            ));
        }
        record.client_id = client_id(id)?;
    }
    if let Some(new) = change.client_secrets {
        record.client_secrets = secrets(new)?;
    }
    change_settings(&mut record, change.settings, change.secret_settings)?;
    record.aliases = change.aliases.unwrap_or(record.aliases);
    record.numbers = change.numbers.unwrap_or(record.numbers);
    record.active = change.active.unwrap_or(record.active);
    record.default = change.default.unwrap_or(record.default);
    Ok(record)
}

/// The new credentials did not get a token.
fn unproven(account: &AccountId, failure: &Failure) -> ControlError {
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
            "replace the carrier's plugin",
        ),
    };
    let message = format!(
        "the new credentials did not get a token: {failure}; account {account} keeps its old \
         ones, and nothing was changed"
    );
    ControlError::new(fault, code, message).remedy(remedy)
}

fn managed(account: &AccountRecord) -> ControlError {
    let message = format!("account {} is declared in the configuration", account.name);
    ControlError::new(Fault::Conflict, "managed_by_config", message)
        .remedy("change it there and restart the gateway")
}

/// Checks a client id: no colon and no control characters (RFC 7617 section 2). The error does not
/// repeat the text, because it is a secret if a person swaps the two.
fn client_id(text: String) -> Result<String, ControlError> {
    // Visible ASCII only, because a plugin may put the client id into a header field.
    let fits = |b: u8| b.is_ascii_graphic() && b != b':';
    if (1..=512).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    let message = "the client id is empty, too long, or has a space, a colon or a character \
                   outside ASCII";
    Err(ControlError::new(Fault::Invalid, "invalid", message)
        .remedy("copy it again from the carrier's developer page"))
}

fn secrets(texts: Vec<SecretText>) -> Result<Vec<Secret>, ControlError> {
    let fits = |secret: &Secret| {
        let text = secret.expose();
        (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let secrets: Vec<_> = texts.into_iter().map(|text| text.0).collect();
    // Several, so that a new secret can be added while the carrier still accepts the old one.
    if !secrets.is_empty() && secrets.len() <= 8 && secrets.iter().all(fits) {
        return Ok(secrets);
    }
    let message = "an account has one to eight client secrets, without spaces or characters \
                   outside ASCII";
    Err(ControlError::new(Fault::Invalid, "invalid", message)
        .remedy("copy the secret again from the carrier's developer page"))
}

/// The secrets among the settings of a new account.
fn secret_settings(
    texts: BTreeMap<SettingName, SecretText>,
    plain: &BTreeMap<SettingName, Value>,
) -> Result<BTreeMap<SettingName, Secret>, ControlError> {
    let named = texts.into_iter().map(|(name, text)| (name, text.0));
    let secrets: BTreeMap<_, _> = named.collect();
    one_of_each(plain, &secrets)?;
    Ok(secrets)
}

/// Applies a change as RFC 7396 does: a name with null is removed, a name that is not there stays.
fn change_settings(
    record: &mut AccountRecord,
    plain: Option<BTreeMap<SettingName, Option<Value>>>,
    secret: Option<BTreeMap<SettingName, Option<SecretText>>>,
) -> Result<(), ControlError> {
    for (name, value) in plain.into_iter().flatten() {
        match value {
            Some(value) => drop(record.settings.insert(name, value)),
            None => drop(record.settings.remove(&name)),
        }
    }
    for (name, secret) in secret.into_iter().flatten() {
        match secret {
            Some(secret) => drop(record.secret_settings.insert(name, secret.0)),
            None => drop(record.secret_settings.remove(&name)),
        }
    }
    one_of_each(&record.settings, &record.secret_settings)
}

/// With a setting in both places nobody could tell which of them counts.
fn one_of_each(
    plain: &BTreeMap<SettingName, Value>,
    secret: &BTreeMap<SettingName, Secret>,
) -> Result<(), ControlError> {
    let Some(name) = plain.keys().find(|name| secret.contains_key(*name)) else {
        return Ok(());
    };
    let message = format!("the setting {name} is given as a plain value and as a secret");
    Err(ControlError::new(Fault::Invalid, "invalid", message)
        .remedy("give it once, or remove the other one"))
}

/// What the store knows about a person's sign-in.
#[derive(Clone, Copy, Default)]
struct SignIn {
    ends: Option<Timestamp>,
    restored: Option<RestoredFrom>,
}

impl SignIn {
    const fn of(grant: &GrantRecord) -> Self {
        Self {
            ends: grant.expires_at,
            restored: grant.restored,
        }
    }

    /// Why it is not known whether the carrier still accepts the sign-in, and what to do.
    fn doubt(self, account: &AccountRecord, status: &AccountStatus) -> Option<String> {
        let in_doubt = account.grant == GrantKind::AuthorizationCode
            && status.grant == GrantStatus::OutcomeUnknown;
        in_doubt.then(|| {
            format!(
                "{}: it is not known whether the carrier still accepts the sign-in; sign in again with \
                 `waybill account authorize {}`",
                cause_of_doubt(self.restored, in_words),
                account.name
            )
        })
    }
}

fn view(account: AccountRecord, sign_in: SignIn, status: Option<&AccountStatus>) -> AccountView {
    let (state, mut message) = state(&account, status);
    if let (AccountState::NeedsConsent, Some(message), Some(from)) =
        (state, &mut message, sign_in.restored)
    {
        message.push_str(&format!(" ({})", older_state(from, in_words)));
    }
    AccountView {
        state,
        message,
        sign_in_in_doubt: status.and_then(|status| sign_in.doubt(&account, status)),
        token_expires_at: status
            .and_then(|status| status.expires_at)
            .map(crate::api_time::from_system),
        grant_expires_at: status
            .and_then(|status| status.grant_ends_at)
            .or_else(|| sign_in.ends.map(Timestamp::to_system_time))
            .map(crate::api_time::from_system),
        created_at: crate::api_time::from_store(account.created_at),
        notices: Vec::new(),
        client_secrets: account.client_secrets.len(),
        settings: account.settings,
        secret_settings: account.secret_settings.into_keys().collect(),
        name: account.name,
        aliases: account.aliases,
        carrier: account.carrier,
        environment: account.environment,
        numbers: account.numbers,
        grant: account.grant,
        client_id: account.client_id,
        active: account.active,
        default: account.default,
        managed_by: account.managed_by,
    }
}

/// The state of an account, and a message for people.
pub(crate) fn state(
    account: &AccountRecord,
    status: Option<&AccountStatus>,
) -> (AccountState, Option<String>) {
    // Switched off counts before whatever the broker may still say.
    let Some(status) = status.filter(|_| account.active) else {
        return (AccountState::Inactive, None);
    };
    let Some(absent) = &status.unavailable else {
        return (AccountState::Ready, None);
    };
    let state = match absent.reason {
        UnavailableReason::Pending => AccountState::Pending,
        UnavailableReason::NeedsConsent => AccountState::NeedsConsent,
        UnavailableReason::CarrierUnreachable
        | UnavailableReason::TokenEndpointFailing
        | UnavailableReason::RateLimited
        | UnavailableReason::PluginFault => AccountState::Failing,
        UnavailableReason::CredentialsRejected | UnavailableReason::Misconfigured => {
            AccountState::Refused
        }
    };
    (state, Some(absent.message.clone()))
}

//! Apps: programs that call the gateway.

use crate::{
    Actor, ControlError, ControlPlane, Fault, api_time,
    publication::Touched,
    secret_digest::{digest, hint},
};
use gateway_api::{AddApp, AppSecrets, AppView, LegacyKeyView, RotateApp, SecretText, UpdateApp};
use gateway_model::{AccountId, AppId, ManagedBy, Secret};
use gateway_store::{AppRecord, LegacyKeyRecord};
use serde_json::json;

impl ControlPlane {
    /// All apps, ordered by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn apps(&self) -> Result<Vec<AppView>, ControlError> {
        let store = &self.context.store;
        let keys = store.legacy_keys().await?;
        let mut apps = store.apps().await?;
        apps.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(apps.into_iter().map(|app| view(app, &keys)).collect())
    }

    /// Adds an app. Only this result shows its secrets.
    ///
    /// # Errors
    /// When its name, client id or a key is taken, or it names an account that does not exist.
    pub async fn add_app(&self, actor: &Actor, app: AddApp) -> Result<AppSecrets, ControlError> {
        let subject = format!("app:{}", app.name);
        let detail = json!({
            "accounts": app.accounts, "client_id": app.client_id, "rate": app.rate,
            // Only how many: a retired key still names an app.
            "legacy_keys": app.legacy_keys.len(),
        });
        let work = async {
            let _turn = self.context.changes.lock().await;
            // `put_app` replaces: without this check a second app would take over the first one's
            // name.
            if self.context.store.app(&app.name).await?.is_some() {
                let message = format!("there is an app {} already", app.name);
                return Err(ControlError::new(Fault::Conflict, "name_taken", message)
                    .remedy(format!(
                        "choose another name, or replace the secrets of the existing app with `waybill app \
                         rotate {}`",
                        app.name
                    )));
            }
            let (record, secrets) = self.new_app(&app).await?;
            let known = self.context.served().take();
            self.context.store.put_app(&record).await?;
            // After the app, to which each of them belongs.
            for key in &app.legacy_keys {
                self.add_legacy_key(&record, &key.0).await?;
            }
            self.publish(known, Touched::App(&record.name)).await?;
            self.with_secrets(record, secrets).await
        };
        self.audited(actor, "app.add", &subject, detail, work).await
    }

    /// Replaces an app's secrets. Only this result shows them. The old ones and the tokens that were
    /// issued for them stop working at once.
    ///
    /// # Errors
    /// When there is no such app, or the configuration declares it.
    pub async fn rotate_app(
        &self,
        actor: &Actor,
        name: &AppId,
        which: RotateApp,
    ) -> Result<AppSecrets, ControlError> {
        let subject = format!("app:{name}");
        let work = async {
            let _turn = self.context.changes.lock().await;
            let mut record = self.operator_app(name).await?;
            // Naming neither means both, since a leak rarely says which.
            let all = !which.secret && !which.key;
            let secret = (record.client_id.is_some() && (all || which.secret))
                .then(|| self.context.random_text());
            let key =
                // A key that was asked for by name is made even if the app had none.
                (which.key || all && record.key.is_some()).then(|| self.context.random_text());
            if secret.is_none() && key.is_none() {
                let message = format!("app {name} has no such secret");
                return Err(ControlError::new(
                    Fault::Invalid,
                    "nothing_to_rotate",
                    message,
                ));
            }
            record.secret = secret.as_ref().map(digest).or(record.secret);
            record.key = key.as_ref().map(digest).or(record.key);
            record.rotated_at = Some(self.context.now());
            let known = self.context.served().take();
            self.context.store.put_app(&record).await?;
            self.publish(known, Touched::App(&record.name)).await?;
            self.with_secrets(record, NewSecrets { secret, key }).await
        };
        self.audited(actor, "app.rotate", &subject, json!({}), work)
            .await
    }

    /// Changes an app's accounts and its rate limit. Its secrets, tokens and keys stay valid.
    ///
    /// # Errors
    /// When there is no such app or account, the configuration declares the app, or one of its retired
    /// keys stands for an account that it would lose.
    pub async fn update_app(
        &self,
        actor: &Actor,
        name: &AppId,
        change: UpdateApp,
    ) -> Result<AppView, ControlError> {
        let subject = format!("app:{name}");
        let detail = json!(change);
        let work = async {
            let _turn = self.context.changes.lock().await;
            let mut record = self.operator_app(name).await?;
            // A name that no account has yet would become a right to an account that is added
            // later.
            for account in change.accounts.iter().flatten() {
                self.known_account(account).await?;
            }
            let keys = self.context.store.legacy_keys_of(name).await?;
            record.accounts = accounts(&record, &change, &keys)?;
            record.rate = change.rate.apply(record.rate);
            let known = self.context.served().take();
            self.context.store.put_app(&record).await?;
            self.publish(known, Touched::App(&record.name)).await?;
            Ok(view(record, &keys))
        };
        self.audited(actor, "app.change", &subject, detail, work)
            .await
    }

    /// Removes an app. Its tokens and keys stop working at once.
    ///
    /// # Errors
    /// When there is no such app, or the configuration declares it.
    pub async fn remove_app(&self, actor: &Actor, name: &AppId) -> Result<(), ControlError> {
        let subject = format!("app:{name}");
        let work = async {
            let _turn = self.context.changes.lock().await;
            // Of the configuration's apps the next start would bring the removed one back.
            let record = self.operator_app(name).await?;
            let known = self.context.served().take();
            self.context.store.remove_app(&record.name).await?;
            self.publish(known, Touched::App(&record.name)).await
        };
        self.audited(actor, "app.remove", &subject, json!({}), work)
            .await
    }

    /// Makes a retired access key stand for the app's first account.
    pub(crate) async fn add_legacy_key(
        &self,
        app: &AppRecord,
        key: &Secret,
    ) -> Result<(), ControlError> {
        let account = app.accounts.first().ok_or_else(no_account)?;
        let record = LegacyKeyRecord {
            key: digest(key),
            hint: hint(key),
            app: Some(app.name.clone()),
            account: account.clone(),
            created_at: self.context.now(),
        };
        Ok(self.context.store.put_legacy_key(&record).await?)
    }

    async fn new_app(&self, app: &AddApp) -> Result<(AppRecord, NewSecrets), ControlError> {
        if app.accounts.is_empty() {
            return Err(no_account());
        }
        // A name without an account would become a right to whatever is added under it later.
        for account in &app.accounts {
            self.known_account(account).await?;
        }
        let imported = |secret: &Option<SecretText>| secret.as_ref().map(|text| text.0.clone());
        let client_id = (!app.key_only).then(|| {
            // The app's own name: one thing less to copy into its configuration.
            let own = || app.name.as_str().to_owned();
            app.client_id.clone().unwrap_or_else(own)
        });
        let secret = client_id
            .as_ref()
            .map(|_| imported(&app.client_secret).unwrap_or_else(|| self.context.random_text()));
        let wants_key = app.with_key || app.key_only || app.key.is_some();
        let key =
            wants_key.then(|| imported(&app.key).unwrap_or_else(|| self.context.random_text()));
        for text in secret.iter().chain(&key) {
            sendable(text)?;
        }
        let record = AppRecord {
            name: app.name.clone(),
            client_id,
            secret: secret.as_ref().map(digest),
            key: key.as_ref().map(digest),
            accounts: app.accounts.clone(),
            rate: app.rate,
            managed_by: ManagedBy::Operator,
            created_at: self.context.now(),
            rotated_at: None,
        };
        Ok((record, NewSecrets { secret, key }))
    }

    /// An app that the operator manages, and not the configuration.
    async fn operator_app(&self, name: &AppId) -> Result<AppRecord, ControlError> {
        let app = self.context.store.app(name).await?.ok_or_else(|| {
            let message = format!("there is no app {name}");
            ControlError::new(Fault::NotFound, "unknown_app", message)
                .remedy("`waybill app list` shows all apps")
        })?;
        if app.managed_by == ManagedBy::Config {
            let message = format!("app {name} is declared in the configuration");
            return Err(
                ControlError::new(Fault::Conflict, "managed_by_config", message)
                    .remedy("change it there and run `waybill reload`"),
            );
        }
        Ok(app)
    }

    async fn with_secrets(
        &self,
        record: AppRecord,
        secrets: NewSecrets,
    ) -> Result<AppSecrets, ControlError> {
        let keys = self.context.store.legacy_keys_of(&record.name).await?;
        Ok(AppSecrets {
            app: view(record, &keys),
            client_secret: secrets.secret.map(SecretText),
            key: secrets.key.map(SecretText),
        })
    }
}

/// The new secrets of an app, for the one response that shows them.
struct NewSecrets {
    secret: Option<Secret>,
    key: Option<Secret>,
}

fn view(app: AppRecord, keys: &[LegacyKeyRecord]) -> AppView {
    let mine = keys
        .iter()
        .filter(|key| key.app.as_ref() == Some(&app.name));
    AppView {
        legacy_keys: mine
            .map(|key| LegacyKeyView {
                hint: key.hint.clone(),
                account: key.account.clone(),
            })
            .collect(),
        has_key: app.key.is_some(),
        created_at: api_time::from_store(app.created_at),
        rotated_at: app.rotated_at.map(api_time::from_store),
        name: app.name,
        client_id: app.client_id,
        accounts: app.accounts,
        rate: app.rate,
        managed_by: app.managed_by,
    }
}

/// The app's accounts after the change, each once, its default first.
fn accounts(
    app: &AppRecord,
    change: &UpdateApp,
    keys: &[LegacyKeyRecord],
) -> Result<Vec<AccountId>, ControlError> {
    let wanted = change.accounts.as_ref().unwrap_or(&app.accounts);
    let mut accounts: Vec<AccountId> = Vec::with_capacity(wanted.len());
    for account in change.default.iter().chain(wanted) {
        if !accounts.contains(account) {
            accounts.push(account.clone());
        }
    }
    // After the default was put in front: a default alone makes no list.
    if wanted.is_empty() {
        return Err(no_account());
    }
    if let Some(default) = change
        .default
        .as_ref()
        .filter(|name| !wanted.contains(name))
    {
        let message = format!("app {} may not use account {default}", app.name);
        return Err(
            ControlError::new(Fault::Invalid, "default_not_allowed", message).remedy(format!(
                "name it among the app's accounts as well: `waybill app set {} --account …`",
                app.name
            )),
        );
    }
    // A retired key names its account by itself: it would keep giving access to an account that the
    // app has lost.
    let stranded = keys.iter().find(|key| {
        key.app.as_ref() == Some(&app.name)
            && app.accounts.contains(&key.account)
            && !accounts.contains(&key.account)
    });
    match stranded {
        None => Ok(accounts),
        Some(key) => {
            let message = format!(
                "a retired access key of app {} (…{}) stands for account {}",
                app.name, key.hint, key.account
            );
            Err(
                ControlError::new(Fault::Conflict, "legacy_key_in_use", message).remedy(format!(
                    "keep the account in the list, or remove the app with `waybill app remove {}` and add it \
                     again without that key",
                    app.name
                )),
            )
        }
    }
}

/// Checks that a secret can be sent in a header field.
fn sendable(secret: &Secret) -> Result<(), ControlError> {
    let text = secret.expose();
    // Eight at least: an imported secret of fewer characters could be guessed by trying.
    let fits = (8..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits {
        return Ok(());
    }
    let message = "a secret has 8 to 1024 characters, without spaces or characters outside ASCII";
    Err(ControlError::new(Fault::Invalid, "invalid", message))
}

fn no_account() -> ControlError {
    let message = "an app needs at least one account that it may use";
    ControlError::new(Fault::Invalid, "no_account", message)
}

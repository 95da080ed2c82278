//! The routes, one method each. Every method fails with a [`ClientError`] and for no other reason.

use super::{Call, Client, ClientError, MAX_BACKUP};
use crate::wire::BackupRequest;
use gateway_control::view::{
    AccountView, AddAccount, AddAdminToken, AddApp, AdminTokenSecret, AdminTokenView, AppSecrets,
    AppView, AuditView, ConsentDone, ConsentStarted, DoctorReport, KeyRotated, MigrationPlan,
    MigrationView, NoticeView, PasteConsent, ProbeReport, RotateApp, RotateKey, SecretText,
    StartMigration, StatusView, TokenView, UpdateAccount, UpdateApp,
};
use gateway_model::{AccountId, AppId, Protection, Secret};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

type Answer<T> = Result<T, ClientError>;

/// Accounts, their consents and tokens.
impl Client {
    /// All accounts, ordered by name.
    pub async fn accounts(&self) -> Answer<Vec<AccountView>> {
        self.json(Call::get("/accounts")).await
    }

    /// One account.
    pub async fn account(&self, name: &AccountId) -> Answer<AccountView> {
        self.json(Call::get(format!("/accounts/{name}"))).await
    }

    /// Adds an account.
    pub async fn add_account(&self, account: &AddAccount) -> Answer<AccountView> {
        self.json(Call::post("/accounts").json(account).patient())
            .await
    }

    /// Changes an account.
    pub async fn update_account(
        &self,
        name: &AccountId,
        change: &UpdateAccount,
    ) -> Answer<AccountView> {
        let call = Call::new(Method::PATCH, format!("/accounts/{name}"));
        self.json(call.json(change).patient()).await
    }

    /// Removes an account with everything that belongs to it.
    pub async fn remove_account(&self, name: &AccountId) -> Answer<()> {
        self.nothing(Call::delete(format!("/accounts/{name}")))
            .await
    }

    /// Begins a consent: says where the person signs in.
    pub async fn begin_consent(&self, account: &AccountId) -> Answer<ConsentStarted> {
        let call = Call::post(format!("/accounts/{account}/authorize"));
        self.json(call.patient()).await
    }

    /// Finishes a consent from what a person copied.
    pub async fn paste_consent(
        &self,
        account: &AccountId,
        pasted: &PasteConsent,
    ) -> Answer<ConsentDone> {
        let call = Call::post(format!("/accounts/{account}/paste"));
        self.json(call.json(pasted).patient()).await
    }

    /// Makes the carrier's proof call with the account's current token.
    pub async fn probe(&self, account: &AccountId) -> Answer<ProbeReport> {
        self.json(Call::post(format!("/accounts/{account}/probe")).patient())
            .await
    }

    /// What is known of an account's token; never the token.
    pub async fn token(&self, account: &AccountId) -> Answer<TokenView> {
        self.json(Call::get(format!("/accounts/{account}/token")))
            .await
    }

    /// Asks for a new token now, and waits for it.
    pub async fn renew_token(&self, account: &AccountId) -> Answer<TokenView> {
        self.json(Call::post(format!("/accounts/{account}/token/renew")).patient())
            .await
    }
}

/// Apps.
impl Client {
    /// All apps, ordered by name.
    pub async fn apps(&self) -> Answer<Vec<AppView>> {
        self.json(Call::get("/apps")).await
    }

    /// Adds an app; the answer shows its secrets, this once.
    pub async fn add_app(&self, app: &AddApp) -> Answer<AppSecrets> {
        self.json(Call::post("/apps").json(app)).await
    }

    /// Changes what an app may use, and how often.
    pub async fn update_app(&self, name: &AppId, change: &UpdateApp) -> Answer<AppView> {
        let call = Call::new(Method::PATCH, format!("/apps/{name}"));
        self.json(call.json(change)).await
    }

    /// Replaces an app's secrets; the answer shows them, this once.
    pub async fn rotate_app(&self, name: &AppId, which: &RotateApp) -> Answer<AppSecrets> {
        self.json(Call::post(format!("/apps/{name}/rotate")).json(which))
            .await
    }

    /// Removes an app; its tokens and keys stop at once.
    pub async fn remove_app(&self, name: &AppId) -> Answer<()> {
        self.nothing(Call::delete(format!("/apps/{name}"))).await
    }
}

/// The gateway as a whole.
impl Client {
    /// The newest audit entries before `before`, newest first; at most 500.
    pub async fn audit(&self, before: Option<i64>, limit: usize) -> Answer<Vec<AuditView>> {
        let before = before.map_or_else(String::new, |id| format!("&before={id}"));
        self.json(Call::get(format!("/audit?limit={limit}{before}")))
            .await
    }

    /// Open notices, the worst first.
    pub async fn notices(&self) -> Answer<Vec<NoticeView>> {
        self.json(Call::get("/notices")).await
    }

    /// The gateway as a whole.
    pub async fn status(&self) -> Answer<StatusView> {
        self.json(Call::get("/status")).await
    }

    /// Looks at the gateway and at one account, or at all active ones.
    pub async fn doctor(&self, account: Option<&AccountId>) -> Answer<DoctorReport> {
        let query = account.map_or_else(String::new, |name| format!("?account={name}"));
        self.json(Call::post(format!("/doctor{query}")).patient())
            .await
    }

    /// A consistent backup, sealed under a passphrase or a key, or for the holder of a key.
    pub async fn backup(&self, protection: &Protection) -> Answer<Vec<u8>> {
        let secret = |secret: &Secret| Some(SecretText(secret.clone()));
        let mut request = BackupRequest::default();
        match protection {
            Protection::Passphrase(words) => request.passphrase = secret(words),
            Protection::Key(key) => request.key = secret(key),
            Protection::Recipient(recipient) => request.recipient = Some(recipient.to_string()),
        }
        let mut call = Call::post("/backup").patient().json(&request);
        call.max_answer = MAX_BACKUP;
        Ok(self.answer(call).await?.body.into())
    }

    /// Seals everything under a new master key; the store then opens with that one only.
    pub async fn rotate_key(&self, rotate: &RotateKey) -> Answer<KeyRotated> {
        self.json(Call::post("/key/rotate").json(rotate).patient())
            .await
    }
}

/// The way from access keys to OAuth.
impl Client {
    /// What a migration would do; changes nothing.
    pub async fn plan_migration(&self, migration: &StartMigration) -> Answer<MigrationPlan> {
        self.json(Call::post("/migration/plan").json(migration))
            .await
    }

    /// Begins a migration, or goes on where it stopped.
    pub async fn start_migration(&self, migration: &StartMigration) -> Answer<MigrationView> {
        self.json(Call::post("/migration").json(migration).patient())
            .await
    }

    /// The migration under way, or the last one.
    pub async fn migration(&self) -> Answer<MigrationView> {
        self.json(Call::get("/migration")).await
    }

    /// Puts the store back to what it was before the migration.
    pub async fn undo_migration(&self) -> Answer<MigrationView> {
        self.json(Call::delete("/migration").patient()).await
    }
}

/// Who may use the admin API.
impl Client {
    /// All admin tokens, without the tokens.
    pub async fn admin_tokens(&self) -> Answer<Vec<AdminTokenView>> {
        self.json(Call::get("/admin-tokens")).await
    }

    /// Makes an admin token; the answer shows it, this once.
    pub async fn add_admin_token(&self, token: &AddAdminToken) -> Answer<AdminTokenSecret> {
        self.json(Call::post("/admin-tokens").json(token)).await
    }

    /// Takes an admin token back.
    pub async fn remove_admin_token(&self, name: &str) -> Answer<()> {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        self.nothing(Call::delete(format!("/admin-tokens/{name}")))
            .await
    }
}

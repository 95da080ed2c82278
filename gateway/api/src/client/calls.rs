//! The routes, one method each.

use super::{Call, Client, ClientError, MAX_BACKUP};
use crate::{
    AccountView, AddAccount, AddAdminToken, AddApp, AddInvitation, AdminTokenSecret,
    AdminTokenView, AppSecrets, AppView, AuditView, BackupRequest, CarrierView, ConfigurationView,
    ConsentDone, ConsentStarted, DoctorReport, InvitationLink, InvitationView, KeyRotated,
    MigrationPlan, MigrationView, NoticeView, PasteConsent, PluginReloaded, PluginView,
    ProbeReport, ReloadReport, ReplicaView, RequestQuery, RequestView, RotateApp, RotateKey,
    SecretText, StartMigration, StatusView, TokenView, UpdateAccount, UpdateApp,
};
use gateway_model::{AccountId, AppId, Protection, Secret};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

type Result<T> = std::result::Result<T, ClientError>;

/// Accounts, their consents and tokens.
impl Client {
    /// The carriers that an active plugin serves.
    pub async fn carriers(&self) -> Result<Vec<CarrierView>> {
        self.json(Call::get("/carriers")).await
    }

    /// All accounts, ordered by name.
    pub async fn accounts(&self) -> Result<Vec<AccountView>> {
        self.json(Call::get("/accounts")).await
    }

    /// One account.
    pub async fn account(&self, name: &AccountId) -> Result<AccountView> {
        self.json(Call::get(format!("/accounts/{name}"))).await
    }

    /// Adds an account.
    pub async fn add_account(&self, account: &AddAccount) -> Result<AccountView> {
        // Long, because the first token of a new account is requested at once.
        self.json(Call::post("/accounts").json(account).long())
            .await
    }

    /// Changes an account.
    pub async fn update_account(
        &self,
        name: &AccountId,
        change: &UpdateAccount,
    ) -> Result<AccountView> {
        let call = Call::new(Method::PATCH, format!("/accounts/{name}"));
        // Long, because new credentials may need a token first.
        self.json(call.json(change).long()).await
    }

    /// Removes an account with its tokens, grant and notices.
    pub async fn remove_account(&self, name: &AccountId) -> Result<()> {
        self.nothing(Call::delete(format!("/accounts/{name}")))
            .await
    }

    /// Begins a consent and returns the address at which a person signs in.
    pub async fn begin_consent(&self, account: &AccountId) -> Result<ConsentStarted> {
        let call = Call::post(format!("/accounts/{account}/authorize"));
        self.json(call.long()).await
    }

    /// Finishes a consent with what a person copied from the browser.
    pub async fn paste_consent(
        &self,
        account: &AccountId,
        pasted: &PasteConsent,
    ) -> Result<ConsentDone> {
        // Long, because the code is exchanged and the new login is proven by test calls before the response.
        let call = Call::post(format!("/accounts/{account}/paste"));
        self.json(call.json(pasted).long()).await
    }

    /// Makes a test call to the carrier with the account's current token.
    pub async fn probe(&self, account: &AccountId) -> Result<ProbeReport> {
        self.json(Call::post(format!("/accounts/{account}/probe")).long())
            .await
    }

    /// What is known about an account's token. The token itself is never sent.
    pub async fn token(&self, account: &AccountId) -> Result<TokenView> {
        self.json(Call::get(format!("/accounts/{account}/token")))
            .await
    }

    /// Requests a new token from the carrier now and waits for it.
    pub async fn renew_token(&self, account: &AccountId) -> Result<TokenView> {
        self.json(Call::post(format!("/accounts/{account}/token/renew")).long())
            .await
    }
}

/// Invitations to sign in.
impl Client {
    /// All invitations, the newest first, without their links.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>> {
        self.json(Call::get("/invitations")).await
    }

    /// Makes an invitation. Only this response has its link.
    pub async fn add_invitation(&self, invitation: &AddInvitation) -> Result<InvitationLink> {
        self.json(Call::post("/invitations").json(invitation)).await
    }

    /// Takes an invitation back.
    pub async fn revoke_invitation(&self, id: &str) -> Result<InvitationView> {
        // It comes from a command line, and may be anything.
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        self.json(Call::delete(format!("/invitations/{id}"))).await
    }
}

/// Apps.
impl Client {
    /// All apps, ordered by name.
    pub async fn apps(&self) -> Result<Vec<AppView>> {
        self.json(Call::get("/apps")).await
    }

    /// Adds an app. Only this response shows its secrets.
    pub async fn add_app(&self, app: &AddApp) -> Result<AppSecrets> {
        self.json(Call::post("/apps").json(app)).await
    }

    /// Changes an app's accounts and its rate limit.
    pub async fn update_app(&self, name: &AppId, change: &UpdateApp) -> Result<AppView> {
        let call = Call::new(Method::PATCH, format!("/apps/{name}"));
        self.json(call.json(change)).await
    }

    /// Replaces an app's secrets. Only this response shows them.
    pub async fn rotate_app(&self, name: &AppId, which: &RotateApp) -> Result<AppSecrets> {
        self.json(Call::post(format!("/apps/{name}/rotate")).json(which))
            .await
    }

    /// Removes an app. Its tokens and keys stop working at once.
    pub async fn remove_app(&self, name: &AppId) -> Result<()> {
        self.nothing(Call::delete(format!("/apps/{name}"))).await
    }
}

/// The gateway as a whole.
impl Client {
    /// Reads the configuration file again and lets it take over; with `dry_run` says what that would change.
    pub async fn reload(&self, dry_run: bool) -> Result<ReloadReport> {
        // Long, because new credentials need a token first, and plugins may be loaded.
        self.json(Call::post(format!("/reload?dry_run={dry_run}")).long())
            .await
    }

    /// The latest audit entries before entry `before`, newest first; at most 500.
    pub async fn audit(&self, before: Option<i64>, limit: usize) -> Result<Vec<AuditView>> {
        // The number of an entry and no offset, so that new entries do not shift the next page.
        let before = before.map_or_else(String::new, |id| format!("&before={id}"));
        self.json(Call::get(format!("/audit?limit={limit}{before}")))
            .await
    }

    /// The last requests of apps that the query asks for, the newest first; at most 1000.
    pub async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestView>> {
        let RequestQuery {
            failed,
            id,
            account,
            app,
            since,
            limit,
        } = query;
        let mut path = format!("/requests?failed={failed}");
        if let Some(id) = id {
            // Free text, unlike the names.
            path.push_str(&format!(
                "&id={}",
                utf8_percent_encode(id, NON_ALPHANUMERIC)
            ));
        }
        if let Some(account) = account {
            path.push_str(&format!("&account={account}"));
        }
        if let Some(app) = app {
            path.push_str(&format!("&app={app}"));
        }
        if let Some(since) = since {
            path.push_str(&format!("&since={since}"));
        }
        if let Some(limit) = limit {
            path.push_str(&format!("&limit={limit}"));
        }
        self.json(Call::get(path)).await
    }

    /// Open notices, the most severe first.
    pub async fn notices(&self) -> Result<Vec<NoticeView>> {
        self.json(Call::get("/notices")).await
    }

    /// The gateway as a whole.
    pub async fn status(&self) -> Result<StatusView> {
        self.json(Call::get("/status")).await
    }

    /// The gateways that share the store.
    pub async fn replicas(&self) -> Result<Vec<ReplicaView>> {
        self.json(Call::get("/replicas")).await
    }

    /// The settings with which the gateway runs.
    pub async fn configuration(&self) -> Result<ConfigurationView> {
        self.json(Call::get("/configuration")).await
    }

    /// Diagnoses the gateway and one account, or all active accounts.
    pub async fn doctor(&self, account: Option<&AccountId>) -> Result<DoctorReport> {
        let query = account.map_or_else(String::new, |name| format!("?account={name}"));
        self.json(Call::post(format!("/doctor{query}")).long())
            .await
    }

    /// A consistent backup, sealed with a passphrase or a key, or for a recipient.
    pub async fn backup(&self, protection: &Protection) -> Result<Vec<u8>> {
        let secret = |secret: &Secret| Some(SecretText(secret.clone()));
        let mut request = BackupRequest::default();
        match protection {
            Protection::Passphrase(words) => request.passphrase = secret(words),
            Protection::Key(key) => request.key = secret(key),
            Protection::Recipient(recipient) => request.recipient = Some(recipient.to_string()),
        }
        // Read whole: the file is complete only when the response has ended, and a part must not look like one.
        let mut call = Call::post("/backup").long().json(&request);
        call.max_response = MAX_BACKUP;
        Ok(self.send(call).await?.body.into())
    }

    /// Seals the store under a new master key. From then on only that key opens it.
    pub async fn rotate_key(&self, rotate: &RotateKey) -> Result<KeyRotated> {
        self.json(Call::post("/key/rotate").json(rotate).long())
            .await
    }
}

/// Plugins of carriers.
impl Client {
    /// The plugin files that the gateway has looked at, and what the folder holds now.
    pub async fn plugins(&self) -> Result<Vec<PluginView>> {
        self.json(Call::get("/plugins")).await
    }

    /// Replaces a plugin by the present content of its file, while requests are served.
    pub async fn reload_plugin(&self, name: &str) -> Result<PluginReloaded> {
        // A name comes from a command line, and may be anything.
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        // Long, because the instances of all its accounts are made.
        self.json(Call::post(format!("/plugins/{name}/reload")).long())
            .await
    }

    /// Lets the code serve that served before the last reload of a plugin.
    pub async fn roll_back_plugin(&self, name: &str) -> Result<PluginReloaded> {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        self.json(Call::post(format!("/plugins/{name}/rollback")).long())
            .await
    }
}

/// The migration from access keys to OAuth.
impl Client {
    /// What a migration would do. It changes nothing.
    pub async fn plan_migration(&self, migration: &StartMigration) -> Result<MigrationPlan> {
        self.json(Call::post("/migration/plan").json(migration))
            .await
    }

    /// Begins a migration, or continues one where it stopped.
    pub async fn start_migration(&self, migration: &StartMigration) -> Result<MigrationView> {
        // Long, because the store is backed up before anything is changed.
        self.json(Call::post("/migration").json(migration).long())
            .await
    }

    /// The migration in progress, or the last one.
    pub async fn migration(&self) -> Result<MigrationView> {
        self.json(Call::get("/migration")).await
    }

    /// Restores the store to its state before the migration.
    pub async fn undo_migration(&self) -> Result<MigrationView> {
        self.json(Call::delete("/migration").long()).await
    }
}

/// Admin tokens.
impl Client {
    /// All admin tokens, without the tokens.
    pub async fn admin_tokens(&self) -> Result<Vec<AdminTokenView>> {
        self.json(Call::get("/admin-tokens")).await
    }

    /// Makes an admin token. Only this response shows it.
    pub async fn add_admin_token(&self, token: &AddAdminToken) -> Result<AdminTokenSecret> {
        self.json(Call::post("/admin-tokens").json(token)).await
    }

    /// Removes an admin token. It stops working at once.
    pub async fn remove_admin_token(&self, name: &str) -> Result<()> {
        // An admin token's name is free text, unlike the names of accounts and apps.
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        self.nothing(Call::delete(format!("/admin-tokens/{name}")))
            .await
    }
}

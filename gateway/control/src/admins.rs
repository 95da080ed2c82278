//! Admin tokens: who may use the admin API.

use crate::{Actor, ControlError, ControlPlane, Fault, api_time, secret_digest::digest};
use gateway_api::{AddAdminToken, AdminTokenSecret, AdminTokenView, SecretText};
use gateway_model::{Role, Secret};
use gateway_store::{AdminTokenRecord, Duty, SecretDigest, Timestamp};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};
use subtle::ConstantTimeEq as _;

/// The name of the token that the first start makes.
const FIRST: &str = "admin";

/// The pause between two looks whether another gateway has made the first token.
const ANOTHER_MAKES_IT: Duration = Duration::from_millis(100);

/// The holder of an admin token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token's name.
    pub actor: Actor,
    /// What the token permits.
    pub role: Role,
}

impl ControlPlane {
    /// The holder of this token; `None` if it is unknown.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>, ControlError> {
        // Stored and compared as a digest, so that a copy of the store gives nobody access.
        self.identity_of(&digest(token)).await
    }

    /// The holder of the token with this digest; `None` if it is unknown.
    pub(crate) async fn identity_of(
        &self,
        digest: &SecretDigest,
    ) -> Result<Option<Identity>, ControlError> {
        let tokens = self.known_admin_tokens().await?;
        // Every token is compared, in constant time: the duration must not tell how much of a guess was
        // right.
        let mut found = None;
        for record in tokens.iter() {
            if bool::from(record.token.0.ct_eq(&digest.0)) {
                found = Some(Identity {
                    actor: Actor(record.name.clone()),
                    role: record.role,
                });
            }
        }
        if found.is_some() {
            self.admin_token_uses().insert(*digest, self.context.now());
        }
        Ok(found)
    }

    /// The admin tokens, from memory: a flood of guesses must not become a flood of reads of the store.
    async fn known_admin_tokens(&self) -> Result<Arc<[AdminTokenRecord]>, ControlError> {
        if let Some(known) = self.context.admin_tokens.read().await.as_ref() {
            return Ok(Arc::clone(known));
        }
        // Locked during the read, so that what a change replaces is not remembered after it.
        let mut known = self.context.admin_tokens.write().await;
        let tokens: Arc<[_]> = self.context.store.admin_tokens().await?.into();
        *known = Some(Arc::clone(&tokens));
        Ok(tokens)
    }

    /// When this gateway last accepted each token. In memory only: a store that is written for every request
    /// would be a high price for it.
    fn admin_token_uses(&self) -> MutexGuard<'_, BTreeMap<SecretDigest, Timestamp>> {
        let uses = self.context.admin_token_uses.lock();
        uses.unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the tokens in memory: another gateway has changed them.
    pub(crate) async fn forget_admin_tokens(&self) {
        *self.context.admin_tokens.write().await = None;
    }

    /// Forgets the tokens in memory, and keeps others from reading them while the guard lives.
    async fn changing_admin_tokens(&self) -> impl Drop + '_ {
        let mut known = self.context.admin_tokens.write().await;
        *known = None;
        known
    }

    /// Makes the first admin token if there is none yet. `keep` writes it where the operator finds it,
    /// before the store accepts it, so that a lost token locks nobody out. Waits while another gateway of the fleet is
    /// about to make it; [`Self::run_fleet`] has to run meanwhile.
    ///
    /// # Errors
    /// When it cannot be kept, or the store refuses.
    pub async fn bootstrap(
        &self,
        keep: impl FnOnce(&Secret) -> std::io::Result<()>,
    ) -> Result<Option<Secret>, ControlError> {
        // Asked again and again: the gateway that has the duty may end before it has made one, and the lease of this
        // one may end during a long start, after which it has no duty until it has joined anew.
        loop {
            // Any token, not only one of that name: an operator may have replaced the first.
            if !self.context.store.admin_tokens().await?.is_empty() {
                return Ok(None);
            }
            // Of several gateways that start at one moment with a new store, one makes it.
            if self.leads(Duty::FirstToken).await {
                break;
            }
            tokio::time::sleep(ANOTHER_MAKES_IT).await;
        }
        let secret = self.context.random_text();
        keep(&secret).map_err(|error| {
            let message = format!("the first admin token cannot be written: {error}");
            ControlError::new(Fault::Unavailable, "token_file", message)
                .remedy("let `token_file` in [admin] name a file that the gateway may write")
        })?;
        let record = AdminTokenRecord {
            name: FIRST.to_owned(),
            token: digest(&secret),
            role: Role::Admin,
            created_at: self.context.now(),
        };
        let (store, detail) = (&self.context.store, json!({ "role": Role::Admin }));
        let work = async {
            let _changing = self.changing_admin_tokens().await;
            Ok(store.add_admin_token(&record).await?)
        };
        let subject = format!("admin-token:{FIRST}");
        self.audited(&Actor::gateway(), "admin_token.add", &subject, detail, work)
            .await?;
        Ok(Some(secret))
    }

    /// All admin tokens, without the tokens.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn admin_tokens(&self) -> Result<Vec<AdminTokenView>, ControlError> {
        let tokens = self.context.store.admin_tokens().await?;
        let uses = self.admin_token_uses();
        let views = tokens.into_iter().map(|record| AdminTokenView {
            last_used_at: uses.get(&record.token).copied().map(api_time::from_store),
            ..view(record)
        });
        Ok(views.collect())
    }

    /// Makes an admin token. Only this result shows it.
    ///
    /// # Errors
    /// When its name is taken or invalid.
    pub async fn add_admin_token(
        &self,
        actor: &Actor,
        token: AddAdminToken,
    ) -> Result<AdminTokenSecret, ControlError> {
        // A token's name follows the same rules as an app's name.
        let name: gateway_model::AppId = token.name.parse().map_err(|error| {
            let error: gateway_model::NameError = error;
            ControlError::new(Fault::Invalid, "invalid", error.to_string())
        })?;
        let subject = format!("admin-token:{name}");
        let work = async {
            // Made here and never chosen by the caller, so that no token is guessable.
            let secret = self.context.random_text();
            let record = AdminTokenRecord {
                name: name.to_string(),
                token: digest(&secret),
                role: token.role,
                created_at: self.context.now(),
            };
            let _changing = self.changing_admin_tokens().await;
            self.context.store.add_admin_token(&record).await?;
            Ok(AdminTokenSecret {
                view: view(record),
                token: SecretText(secret),
            })
        };
        let detail = json!({ "role": token.role });
        self.audited(actor, "admin_token.add", &subject, detail, work)
            .await
    }

    /// Removes an admin token. The last one with the role `admin` cannot be removed.
    ///
    /// # Errors
    /// When there is no such token, or it is the last of its role.
    pub async fn remove_admin_token(&self, actor: &Actor, name: &str) -> Result<(), ControlError> {
        // The name is free text from a path, so it is shortened before it goes into the audit
        // trail.
        let subject = format!("admin-token:{}", name.chars().take(64).collect::<String>());
        let work = async {
            // Under the lock: two removals at once could each see the other's token as the one that stays.
            let _turn = self.context.changes.lock().await;
            let tokens = self.context.store.admin_tokens().await?;
            // Without a token of this role nobody could make another one.
            let others =
                |token: &&AdminTokenRecord| token.name != name && token.role == Role::Admin;
            if tokens.iter().any(|token| token.name == name)
                && tokens.iter().filter(others).count() == 0
            {
                let message = "this is the last admin token with the role admin";
                return Err(ControlError::new(Fault::Conflict, "last_admin", message)
                    .remedy("add another one first: `waybill admin-token add NAME --role admin`"));
            }
            let _changing = self.changing_admin_tokens().await;
            if self.context.store.remove_admin_token(name).await? {
                let stays = |token: &SecretDigest| {
                    let mut others = tokens.iter().filter(|known| known.name != name);
                    others.any(|known| known.token == *token)
                };
                self.admin_token_uses().retain(|token, _| stays(token));
                return Ok(());
            }
            let message = "there is no admin token with that name";
            Err(ControlError::new(
                Fault::NotFound,
                "unknown_admin_token",
                message,
            ))
        };
        self.audited(actor, "admin_token.remove", &subject, json!({}), work)
            .await
    }
}

fn view(record: AdminTokenRecord) -> AdminTokenView {
    AdminTokenView {
        name: record.name,
        role: record.role,
        created_at: api_time::from_store(record.created_at),
        last_used_at: None,
    }
}

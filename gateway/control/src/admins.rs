//! Who may use the admin API.

use crate::{Actor, ControlError, ControlPlane, Fault, load::digest, trail};
use gateway_api::{AddAdminToken, AdminTokenSecret, AdminTokenView, SecretText};
use gateway_model::{Role, Secret};
use gateway_store::AdminTokenRecord;
use serde_json::json;
use subtle::ConstantTimeEq as _;

/// The token that the first start makes.
const FIRST: &str = "admin";

/// Who a bearer of an admin token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token's name.
    pub actor: Actor,
    /// What it may do.
    pub role: Role,
}

impl ControlPlane {
    /// Who this token belongs to; `None` if it is not known. Takes equally long for every token.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>, ControlError> {
        let digest = digest(token);
        let tokens = self.shared.store.admin_tokens().await?;
        let mut found = None;
        for record in tokens {
            if bool::from(record.token.0.ct_eq(&digest.0)) {
                found = Some(Identity {
                    actor: Actor(record.name),
                    role: record.role,
                });
            }
        }
        Ok(found)
    }

    /// Makes the first admin token if there is none yet. `keep` puts it where the operator finds it,
    /// before it is good for anything: nobody is locked out by a token that was lost.
    ///
    /// # Errors
    /// When it cannot be kept, or the store refuses.
    pub async fn bootstrap(
        &self,
        keep: impl FnOnce(&Secret) -> std::io::Result<()>,
    ) -> Result<Option<Secret>, ControlError> {
        if !self.shared.store.admin_tokens().await?.is_empty() {
            return Ok(None);
        }
        let secret = self.shared.random_text();
        keep(&secret).map_err(|error| {
            let message = format!("the first admin token cannot be written: {error}");
            ControlError::new(Fault::Unavailable, "token_file", message)
                .remedy("let `token_file` in [admin] name a file that the gateway may write")
        })?;
        let record = AdminTokenRecord {
            name: FIRST.to_owned(),
            token: digest(&secret),
            role: Role::Admin,
            created_at: self.shared.now(),
        };
        let (store, detail) = (&self.shared.store, json!({ "role": Role::Admin }));
        let work = async { Ok(store.add_admin_token(&record).await?) };
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
        let tokens = self.shared.store.admin_tokens().await?;
        Ok(tokens.into_iter().map(view).collect())
    }

    /// Makes an admin token; the answer shows it, this once.
    ///
    /// # Errors
    /// When its name is taken or cannot be used.
    pub async fn add_admin_token(
        &self,
        actor: &Actor,
        token: AddAdminToken,
    ) -> Result<AdminTokenSecret, ControlError> {
        // The rules of an app's name suit it.
        let name: gateway_model::AppId = token.name.parse().map_err(|error| {
            let error: gateway_model::NameError = error;
            ControlError::new(Fault::Invalid, "invalid", error.to_string())
        })?;
        let subject = format!("admin-token:{name}");
        let work = async {
            let secret = self.shared.random_text();
            let record = AdminTokenRecord {
                name: name.to_string(),
                token: digest(&secret),
                role: token.role,
                created_at: self.shared.now(),
            };
            self.shared.store.add_admin_token(&record).await?;
            Ok(AdminTokenSecret {
                view: view(record),
                token: SecretText(secret),
            })
        };
        let detail = json!({ "role": token.role });
        self.audited(actor, "admin_token.add", &subject, detail, work)
            .await
    }

    /// Takes an admin token back; the last one of role *admin* stays.
    ///
    /// # Errors
    /// When there is no such token, or it is the last of its role.
    pub async fn remove_admin_token(&self, actor: &Actor, name: &str) -> Result<(), ControlError> {
        let subject = format!("admin-token:{}", name.chars().take(64).collect::<String>());
        let work = async {
            let _turn = self.shared.changes.lock().await;
            let tokens = self.shared.store.admin_tokens().await?;
            let others =
                |token: &&AdminTokenRecord| token.name != name && token.role == Role::Admin;
            if tokens.iter().any(|token| token.name == name)
                && tokens.iter().filter(others).count() == 0
            {
                let message = "without this token nobody could administrate the gateway";
                return Err(ControlError::new(Fault::Conflict, "last_admin", message)
                    .remedy("add another token of role admin first"));
            }
            if self.shared.store.remove_admin_token(name).await? {
                return Ok(());
            }
            let message = "there is no admin token of that name";
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
        created_at: trail::stamp(record.created_at),
    }
}

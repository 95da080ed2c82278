//! Records to store.

use gateway_model::{
    AccountId, AppId, GrantKind, GrantStatus, IntentId, ManagedBy, RateLimit, Secret, SecretBytes,
    TokenFacts,
};
use gateway_store::*;
use std::num::NonZeroU32;

/// The instant at which everything in the tests happens.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// An account's or app's name.
pub(crate) fn id(name: &str) -> AccountId {
    name.parse().expect("a name")
}

/// An account with two secrets.
pub(crate) fn account(name: &str) -> AccountRecord {
    AccountRecord {
        name: id(name),
        aliases: Vec::new(),
        carrier: "ups".parse().expect("a carrier"),
        environment: gateway_model::Environment::Test,
        numbers: vec!["A1B2C3".parse().expect("a number")],
        grant: GrantKind::AuthorizationCode,
        client_id: format!("client-of-{name}"),
        client_secrets: vec![
            Secret::new(format!("canary-first-{name}")),
            Secret::new(format!("canary-second-{name}")),
        ],
        settings: [("child_key".parse().expect("a name"), "shown".into())].into(),
        secret_settings: [(
            "child_secret".parse().expect("a name"),
            Secret::new(format!("canary-child-{name}")),
        )]
        .into(),
        active: true,
        default: false,
        managed_by: ManagedBy::Operator,
        created_at: NOW,
        updated_at: NOW,
        revision: 1,
    }
}

/// What an authorization left: a refresh token and an access token.
pub(crate) fn completion(status: GrantStatus, token: &str) -> Completion {
    Completion {
        status,
        state: SecretBytes::new(format!("canary-refresh-{token}").into_bytes()),
        token: StoredToken {
            headers: SecretBytes::new(format!("canary-access-{token}").into_bytes()),
            issued_at: NOW,
            expires_at: Some(Timestamp(NOW.0 + 14_400_000)),
            renew_at: None,
            key: [7; 32],
            slots: vec![StoredSlot {
                name: "payment".into(),
                headers: SecretBytes::new(b"x-payment:planted-slot".to_vec()),
                expires_at: Some(Timestamp(NOW.0 + 3_000_000)),
                failure: None,
            }],
        },
        facts: TokenFacts {
            refresh_count: Some(3),
            ..TokenFacts::default()
        },
        expires_at: Some(Timestamp(NOW.0 + 5_184_000_000)),
    }
}

/// An intent to present.
pub(crate) fn intent(id: &str) -> Intent {
    Intent {
        id: IntentId::new(id),
        at: NOW,
        reason: "due".to_owned(),
        answer: None,
    }
}

/// A journal entry.
pub(crate) fn entry(account: &str, outcome: &str) -> RenewalEntry {
    RenewalEntry {
        account: id(account),
        at: NOW,
        reason: "due".to_owned(),
        outcome: outcome.to_owned(),
        code: None,
        message: None,
    }
}

/// An app.
pub(crate) fn app(name: &str, accounts: &[&str]) -> AppRecord {
    AppRecord {
        name: name.parse::<AppId>().expect("a name"),
        client_id: Some(format!("id-{name}")),
        secret: Some(SecretDigest([1; 32])),
        key: None,
        accounts: accounts.iter().map(|name| id(name)).collect(),
        rate: Some(RateLimit {
            per_second: NonZeroU32::new(10).expect("not zero"),
            burst: NonZeroU32::new(20).expect("not zero"),
        }),
        managed_by: ManagedBy::Operator,
        created_at: NOW,
        rotated_at: None,
    }
}

/// A consent that may be finished within ten minutes.
pub(crate) fn consent(state: u8, account: &str) -> ConsentRecord {
    ConsentRecord {
        state: SecretDigest([state; 32]),
        account: id(account),
        redirect_uri: "http://127.0.0.1:9/callback".to_owned(),
        verifier: Secret::new(format!("canary-verifier-{state}")),
        actor: "admin".to_owned(),
        invitation: None,
        created_at: NOW,
        expires_at: Timestamp(NOW.0 + 600_000),
    }
}

/// An invitation for a day.
pub(crate) fn invitation(id: &str, account: &str) -> InvitationRecord {
    InvitationRecord {
        id: id.to_owned(),
        code: SecretDigest([4; 32]),
        account: self::id(account),
        actor: "admin".to_owned(),
        created_at: NOW,
        expires_at: Timestamp(NOW.0 + 86_400_000),
        used_at: None,
        revoked_at: None,
        revision: 0,
    }
}

/// What a gateway says about itself.
pub(crate) fn replica(name: &str) -> ReplicaInfo {
    ReplicaInfo {
        name: name.to_owned(),
        version: "1.2.3".to_owned(),
    }
}

/// What a gateway that serves one account says with a heartbeat.
pub(crate) fn state() -> ReplicaState {
    ReplicaState {
        plugins: "ups 1.0.0".to_owned(),
        declared: "aa".to_owned(),
        accounts: 1,
    }
}

/// What a plugin said about its carrier.
pub(crate) fn manifest(signs: bool) -> ManifestRecord {
    ManifestRecord {
        carrier: "ups".parse().expect("a carrier"),
        manifest: "{\"name\": \"ups\"}".to_owned(),
        sha256: "0".repeat(64),
        signs,
    }
}

//! Sealing and opening one record of the store: a grant with a token.

use super::case::Case;
use gateway_model::{GrantStatus, GrantVersion, SecretBytes, TokenFacts};
use gateway_store::{
    Access, GrantRecord, MasterKeySource, Store, StoreOptions, StoreUrl, StoredToken, Timestamp,
    bench_support::Sealing,
};
use std::hint::black_box;

const ACCOUNT: &str = "main";

fn sealing() -> Sealing {
    let options = StoreOptions {
        url: StoreUrl::Memory,
        master_key: MasterKeySource::Ephemeral,
        old_keys: Vec::new(),
        listen_url: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&options, Access::Offline).await;
        store.expect("a store in memory opens").sealing()
    })
}

fn grant() -> GrantRecord {
    let token = format!("authorization:Bearer {}\n", "t".repeat(1_500));
    GrantRecord {
        account: ACCOUNT.parse().expect("letters are a name"),
        version: GrantVersion(1),
        status: GrantStatus::Repeatable,
        state: SecretBytes::default(),
        token: Some(StoredToken {
            headers: SecretBytes::new(token.into_bytes()),
            issued_at: Timestamp(1_700_000_000_000),
            expires_at: Some(Timestamp(1_700_014_399_000)),
            renew_at: None,
            key: [7; 32],
            slots: Vec::new(),
        }),
        facts: TokenFacts::default(),
        consented_at: None,
        expires_at: None,
        intent: None,
        restored: None,
        written_by: None,
    }
}

pub(super) fn seal() -> Case {
    let (sealing, grant) = (sealing(), grant());
    Case {
        name: "sealing of a grant with its token".to_owned(),
        run: Box::new(move || {
            let sealed = sealing.seal(black_box(&grant));
            black_box(sealed.expect("the system has randomness"));
        }),
    }
}

pub(super) fn unseal() -> Case {
    let sealing = sealing();
    let sealed = sealing.seal(&grant()).expect("the system has randomness");
    Case {
        name: "unsealing of a grant with its token".to_owned(),
        run: Box::new(move || {
            let grant = sealing.open(ACCOUNT, black_box(&sealed));
            assert!(grant.expect("it is as it was sealed").token.is_some());
        }),
    }
}

//! Changes of accounts.

use crate::world::{World, id, operator, secret};
use gateway_api::UpdateAccount;
use gateway_model::GrantKind;

/// The new credentials of a change, what it is refused with, and what it leaves behind.
#[tokio::test]
async fn new_credentials_are_proven_before_the_old_token_goes() {
    let world = World::new().await;
    world
        .add("main", GrantKind::ClientCredentials, &["A1B2C3"])
        .await;
    world.token("main").await;
    let account = id("main");
    let token = || world.broker.handle().status(&account).expect("an account");
    let before = token();
    let wrong_secret = UpdateAccount {
        client_secrets: Some(vec![secret("mistyped")]),
        ..UpdateAccount::default()
    };
    let wrong_client = UpdateAccount {
        client_id: Some("nobody".to_owned()),
        ..UpdateAccount::default()
    };
    for change in [wrong_secret, wrong_client] {
        let refused = world.control.update_account(operator(), &account, change);
        let refused = refused.await.expect_err("it gets no token");
        assert_eq!(refused.code, "client_refused", "{refused}");
        assert!(refused.message.contains("nothing was changed"), "{refused}");
        assert_eq!(token().generation, before.generation);
        assert!(token().usable && token().failures == 0);
        let view = world.control.account(&account).await.expect("an account");
        assert_eq!(
            (view.client_id.as_str(), view.client_secrets),
            ("mock-client", 1)
        );
    }
    // During a rotation at the carrier one of two secrets works.
    let both = UpdateAccount {
        client_secrets: Some(vec![secret("mistyped"), secret("mock-secret")]),
        ..UpdateAccount::default()
    };
    world.change("main", both).await;
    world.token("main").await;
}

#[tokio::test]
async fn setting_that_the_plugin_does_not_know_is_refused_and_changes_nothing() {
    let world = World::new().await;
    world
        .add("main", GrantKind::ClientCredentials, &["A1B2C3"])
        .await;
    world.token("main").await;
    let account = id("main");
    let name = || "child_key".parse().expect("a name");
    let plain = UpdateAccount {
        settings: Some([(name(), Some("text".into()))].into()),
        ..UpdateAccount::default()
    };
    let secret = UpdateAccount {
        secret_settings: Some([(name(), Some(secret("planted")))].into()),
        ..UpdateAccount::default()
    };
    for change in [plain, secret] {
        let refused = world.control.update_account(operator(), &account, change);
        let refused = refused.await.expect_err("UPS has no such setting");
        assert_eq!(refused.code, "misconfigured", "{refused}");
        let words = "child_key: the plugin ups has no such setting; it has none";
        assert!(refused.message.contains(words), "{refused}");
        assert!(!refused.message.contains("planted"), "{refused}");
        let view = world.control.account(&account).await.expect("an account");
        assert!(view.settings.is_empty() && view.secret_settings.is_empty());
    }
    // What is not there can be removed, and the account is proven once more.
    let nothing = UpdateAccount {
        settings: Some([(name(), None)].into()),
        ..UpdateAccount::default()
    };
    world.change("main", nothing).await;
    world.token("main").await;
}

//! What bad input gets: a message with the way out, an exit code, nothing lost and nothing half done.

mod backups;
mod database;
mod disk;
mod lost_store;
mod read_only;
mod sign_in;

use serde_json::{Value, json};
use tests::{Done, Gateway, MERCHANT, Operator, World};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

/// A world with this store, an account `web` that the merchant has signed in for, and an app.
async fn world(store: &str) -> World {
    let world = World::builder().more(store).start().await;
    let callback = format!("http://{}/oauth/callback", world.gateway.admin);
    assert!(world.mock.add_redirect_uri("mock-client", callback));
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    operator
        .post("apps", json!({ "name": "shop", "accounts": ["web"] }))
        .await;
    world
}

/// All that the store holds, as far as the gateway shows it.
async fn content(gateway: &Gateway) -> Value {
    let operator = Operator::of(gateway);
    let mut accounts = operator.get("accounts").await;
    for account in accounts.as_array_mut().expect("a list") {
        // How it stands at the moment is no content, and its times are rounded anew by each process.
        for fact in [
            "state",
            "message",
            "notices",
            "token_expires_at",
            "sign_in_in_doubt",
            // As the last test call of this process saw them.
            "rates",
        ] {
            account.as_object_mut().expect("an object").remove(fact);
        }
    }
    let mut admins = operator.get("admin-tokens").await;
    // The operator uses one for each question.
    for admin in admins.as_array_mut().expect("a list") {
        admin
            .as_object_mut()
            .expect("an object")
            .remove("last_used_at");
    }
    let token = operator.get("accounts/web/token").await;
    json!({
        "accounts": accounts,
        "apps": operator.get("apps").await,
        "admins": admins,
        "token": [token["fingerprint"], token["issued_at"], token["refresh"]],
    })
}

/// Runs a command that must not work, and gives what it said.
#[track_caller]
fn refused(done: &Done, code: i32, says: &[&str]) {
    let Done {
        code: exit,
        stdout,
        stderr,
    } = done;
    assert_eq!(*exit, Some(code), "{stdout}\n{stderr}");
    for words in says {
        assert!(stderr.contains(words), "no {words:?} in:\n{stderr}");
    }
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stdout.is_empty(), "{stdout}");
}

/// Writes a file into the gateway's folder.
fn put(gateway: &Gateway, name: &str, content: impl AsRef<[u8]>) {
    let file = gateway.process.folder().join(name);
    std::fs::write(file, content).expect("the test owns the folder");
}

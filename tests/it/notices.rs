//! `waybill notices` names every account that does not serve; the other commands end with one line.

use http::Method;
use serde_json::{Value, json};
use tests::{Operator, World, eventually};

fn account(name: &str, secret: &str, grant: &str) -> Value {
    json!({
        "name": name, "carrier": "ups", "environment": "test", "numbers": ["A1B2C3"],
        "grant": grant, "client_id": "mock-client", "client_secrets": [secret],
    })
}

/// Each row is an account that gets no token, and the words that say why.
const UNSERVED: [(&str, &str, &str, &str); 3] = [
    (
        "refused",
        "wrong-secret",
        "client_credentials",
        "client id and secret",
    ),
    (
        "unsigned",
        "mock-secret",
        "authorization_code",
        "nobody has signed in",
    ),
    ("number", "mock-secret", "client_credentials", "six"),
];

#[tokio::test(flavor = "multi_thread")]
async fn notices_name_every_account_that_does_not_serve() {
    let world = World::builder().start().await;
    let operator = Operator::of(&world.gateway);
    // The account of the world gets its first token after the start.
    eventually("everything serves", async || {
        world.gateway.waybill("", &["notices"]).await.stdout == "nothing needs a person\n"
    })
    .await;
    for (name, secret, grant, _) in UNSERVED {
        let mut account = account(name, secret, grant);
        if name == "number" {
            account["numbers"] = json!(["A1B2C"]);
        }
        operator.post("accounts", account).await;
    }
    operator
        .post(
            "accounts",
            account("off", "wrong-secret", "client_credentials"),
        )
        .await;
    let off = json!({ "active": false });
    operator.call(Method::PATCH, "accounts/off", off).await;
    let mut printed = String::new();
    eventually("each account is named, with its reason", async || {
        printed = world.gateway.waybill("", &["notices"]).await.stdout;
        UNSERVED.iter().all(|(name, _, _, why)| {
            printed
                .lines()
                .any(|line| line.contains(name) && line.contains(why))
        })
    })
    .await;
    for name in ["main", "off"] {
        let named = |line: &str| line.split_whitespace().any(|word| word == name);
        assert!(!printed.lines().any(named), "{printed}");
    }
    // One that a notice tells of is not told of twice. A sentence may begin with its account.
    let count = |name: &str| {
        let about = |line: &&str| line.contains(&format!("ccount {name} "));
        printed.lines().filter(about).count()
    };
    for (name, ..) in UNSERVED {
        assert_eq!(count(name), 1, "{printed}");
    }
    // Notices come a moment after the failure that they are about.
    let mut told = String::new();
    eventually("a command ends with a line about notices", async || {
        told = world.gateway.waybill("", &["account", "list"]).await.stderr;
        told.contains("`waybill notices` prints")
    })
    .await;
    assert_eq!(told.lines().count(), 1, "{told}");
}

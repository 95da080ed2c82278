//! After a restore people are told that the store was restored, not that an answer was lost.

use tests::{Gateway, MERCHANT, Operator, World, command_line, eventually, run_command};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

async fn printed(gateway: &Gateway, args: &[&str]) -> String {
    gateway.waybill("", args).await.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_of_a_restored_store_is_described_as_restored_until_the_next_sign_in() {
    let world = World::builder().more(STORE).start().await;
    let callback = |gateway: &Gateway| format!("http://{}/oauth/callback", gateway.admin);
    assert!(
        world
            .mock
            .add_redirect_uri("mock-client", callback(&world.gateway))
    );
    let operator = Operator::of(&world.gateway);
    operator.add_consent_account("web", "A1B2C3").await;
    operator.consent(&world.mock, "web", MERCHANT).await;
    let file = world.gateway.process.folder().join("p");
    std::fs::write(file, "a long passphrase").expect("the test owns the folder");
    let seal = ["b.wb", "--passphrase-file", "p"];
    let backup = [&["backup"], &seal[..]].concat();
    assert_eq!(world.gateway.waybill("", &backup).await.code, Some(0));

    let folder = world.gateway.process.kill();
    let mut restore = command_line(folder.path());
    restore.args([&["restore", "--replace", "--yes"], &seal[..]].concat());
    let restored = run_command(restore).await;
    assert_eq!(restored.code, Some(0), "{}", restored.stderr);
    let gateway = Gateway::resume(folder).await;

    let says = "the store was restored from the backup of 20";
    eventually("a notice about the restore", async || {
        printed(&gateway, &["notices"]).await.contains(says)
    })
    .await;
    let list = printed(&gateway, &["account", "list"]).await;
    assert!(list.contains("ready, sign-in in doubt"), "{list}");
    for command in [
        &["notices"][..],
        &["account", "show", "web"],
        &["account", "list", "--json"],
        &["doctor", "web"],
    ] {
        let text = printed(&gateway, command).await;
        assert!(text.contains(says), "{command:?}: {text}");
        assert!(!text.contains("lost"), "{command:?}: {text}");
        assert!(
            text.contains("waybill account authorize web"),
            "{command:?}: {text}"
        );
    }

    assert!(
        world
            .mock
            .add_redirect_uri("mock-client", callback(&gateway))
    );
    let operator = Operator::of(&gateway);
    operator.consent(&world.mock, "web", MERCHANT).await;
    for command in [&["notices"][..], &["account", "list"], &["doctor", "web"]] {
        let text = printed(&gateway, command).await;
        assert!(!text.contains("doubt") && !text.contains(says), "{text}");
    }
}

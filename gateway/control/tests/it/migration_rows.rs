//! The list of a migration: broken rows, clashing names, keys that are known.

use crate::world::{World, id};
use gateway_control::Fault;
use gateway_model::GrantKind;

async fn problems(world: &World, profiles: &[[&str; 5]]) -> Vec<String> {
    let plan = world
        .control
        .plan_migration(world.migration(profiles))
        .await;
    plan.expect("a plan").problems
}

#[tokio::test]
async fn broken_rows_are_named_one_by_one_and_stop_the_run() {
    let world = World::new().await;
    let rows = [
        ["good", "A1B2C3", "0A1B2C3D4E5F6A7B", "", "test"],
        ["", "A1B2C3", "", "", "test"],
        ["no number", " ", "", "", "test"],
        ["odd number", "A1/2C3", "", "", "test"],
        ["short number", "A1B", "", "", "test"],
        ["moon", "A1B2C3", "", "", "moon"],
        ["GOOD", "D4E5F6", "", "", "test"],
        ["same key", "D4E5F6", "0A1B2C3D4E5F6A7B", "", "test"],
        ["bad key", "D4E5F6", "0A1B 2C3D", "", "test"],
    ];
    let found = problems(&world, &rows).await;
    for (line, says) in [
        (2, "no name"),
        (3, "no account number"),
        (4, "characters that no number has"),
        (5, "account_number"),
        (6, "neither `production` nor `test`"),
        (7, "row 1 has the same name"),
        (8, "row 1 has the same access key"),
        (9, "access key has spaces"),
    ] {
        let row = format!("row {line}");
        let fits = |problem: &&String| problem.starts_with(&row) && problem.contains(says);
        assert_eq!(
            found.iter().filter(fits).count(),
            1,
            "{row} {says}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 8, "{found:#?}");
    assert!(!found.concat().contains("0A1B"), "a key is a secret");
    let error = world.try_run(&rows).await.expect_err("broken rows");
    assert_eq!((error.fault, error.code), (Fault::Invalid, "broken_rows"));
    world.expect_untouched().await;
}

#[tokio::test]
async fn one_key_of_two_profiles_with_one_number_is_no_problem() {
    let world = World::new().await;
    let rows = [
        ["one", "A1B2C3", "0A1B2C3D4E5F6A7B", "", "test"],
        ["two", "A1B2C3", "0A1B2C3D4E5F6A7B", "", "test"],
    ];
    world.run(&rows).await;
    assert_eq!(world.store.apps().await.expect("apps").len(), 1);
}

#[tokio::test]
async fn names_that_become_the_same_are_told_apart() {
    let world = World::new().await;
    world
        .add("east", GrantKind::ClientCredentials, &["X9Y8Z7"])
        .await;
    let rows = [
        ["East", "A1B2C3", "0A1B2C3D4E5F6A7B", "", "test"],
        ["Ea/st", "A1B2C3", "", "", "production"],
        ["Ea st", "D4E5F6", "1A1B2C3D4E5F6A7B", "", "test"],
        ["日本", "D4E5F6", "", "", ""],
    ];
    let view = world.run(&rows).await;
    let names: Vec<_> = view
        .items
        .iter()
        .map(|item| item.account.to_string())
        .collect();
    assert_eq!(names, ["East-2", "Ea-st", "Ea-st-2", "account"]);
}

#[tokio::test]
async fn key_that_stands_for_another_account_is_a_problem() {
    let world = World::new().await;
    let first = [["one", "A1B2C3", "0A1B2C3D4E5F6A7B", "", "test"]];
    world.run(&first).await;
    let found = problems(&world, &[["two", "D4E5F6", "0A1B2C3D4E5F6A7B", "", "test"]]).await;
    assert!(
        found[0].contains("stands for account one already"),
        "{found:#?}"
    );
    assert_eq!(problems(&world, &first).await, Vec::<String>::new());
}

#[tokio::test]
async fn list_without_rows_or_with_too_many_and_a_strange_carrier_are_refused() {
    let world = World::new().await;
    let row = ["one", "A1B2C3", "", "", "test"];
    for rows in [vec![], vec![row; 1001]] {
        let plan = world.control.plan_migration(world.migration(&rows)).await;
        assert_eq!(plan.expect_err("a bad list").code, "bad_list");
    }
    let mut other = world.migration(&[row]);
    other.carrier = "snail".to_owned();
    let plan = world.control.plan_migration(other).await;
    assert!(plan.expect_err("no plugin").message.contains("snail"));
    let mut client = world.migration(&[row]);
    client.client_id = "two words".to_owned();
    let plan = world.control.plan_migration(client).await;
    assert_eq!(plan.expect_err("no client id").fault, Fault::Invalid);
    assert!(
        world
            .store
            .account(&id("one"))
            .await
            .expect("a store")
            .is_none()
    );
}

//! The list of a migration, grouped by the logins that it needs.

use crate::world::{World, id};
use gateway_api::{MigrationItem, MigrationState};
use gateway_model::{Environment, GrantKind};

type Grouped = Vec<(String, Vec<String>)>;

fn grouped(items: &[MigrationItem]) -> Grouped {
    let numbers = |item: &MigrationItem| item.numbers.iter().map(ToString::to_string).collect();
    let items = items.iter();
    items
        .map(|item| (item.account.to_string(), numbers(item)))
        .collect()
}

fn expected(items: &[(&str, &[&str])]) -> Grouped {
    let text = |text: &&str| (*text).to_owned();
    let items = items.iter();
    items
        .map(|(name, numbers)| ((*name).to_owned(), numbers.iter().map(text).collect()))
        .collect()
}

#[tokio::test]
async fn list_of_twelve_numbers_and_two_users_needs_two_sign_ins() {
    let world = World::new().await;
    let rows: Vec<[String; 2]> = (0..12)
        .map(|n| [format!("profile {n}"), format!("A1B2{n:02}")])
        .collect();
    let users = ["merchant", "other"];
    let rows: Vec<[&str; 5]> = rows
        .iter()
        .zip(users.iter().cycle())
        .map(|([name, number], user)| [name.as_str(), number, "", user, "test"])
        .collect();
    let plan = world.control.plan_migration(world.migration(&rows)).await;
    let plan = plan.expect("a plan");
    assert_eq!((plan.sign_ins, plan.items.len()), (2, 2), "{plan:#?}");
    assert!(plan.items.iter().all(|item| item.numbers.len() == 6));
    assert!(
        plan.items[0]
            .message
            .contains("the old software used merchant")
    );
    world.expect_untouched().await;
    let view = world.run(&rows).await;
    assert_eq!(view.sign_ins, 2);
    let account = world
        .store
        .account(&id("profile-1"))
        .await
        .expect("a store");
    let account = account.expect("an account");
    assert_eq!(account.numbers.len(), 6, "one account holds all of them");
    assert_eq!(
        account.aliases.len(),
        5,
        "and answers to each profile's name"
    );
}

/// A list, and the accounts that it becomes.
type Case = (
    &'static str,
    &'static [[&'static str; 5]],
    &'static [(&'static str, &'static [&'static str])],
);

const CASES: &[Case] = &[
    (
        "the case of a user's name means nothing",
        &[
            ["one", "A1B2C3", "", "merchant", "test"],
            ["two", "D4E5F6", "", "Merchant", "test"],
        ],
        &[("one", &["A1B2C3", "D4E5F6"])],
    ),
    (
        "without a user nobody knows whether one person owns both",
        &[
            ["one", "A1B2C3", "", "", "test"],
            ["two", "D4E5F6", "", "", "test"],
        ],
        &[("one", &["A1B2C3"]), ("two", &["D4E5F6"])],
    ),
    (
        "an environment has logins of its own",
        &[
            ["one", "A1B2C3", "", "merchant", "test"],
            ["two", "D4E5F6", "", "merchant", ""],
        ],
        &[("one", &["A1B2C3"]), ("two", &["D4E5F6"])],
    ),
    (
        "a number of two users is the first one's",
        &[
            ["one", "A1B2C3", "", "", "test"],
            ["two", "A1B2C3", "", "merchant", "test"],
            ["three", "A1B2C3", "", "other", "test"],
            ["four", "X9Y8Z7", "", "other", "test"],
            ["five", "D4E5F6", "", "merchant", "test"],
        ],
        &[("one", &["A1B2C3", "D4E5F6"]), ("four", &["X9Y8Z7"])],
    ),
    (
        "a key may stand for two numbers of one login",
        &[
            ["one", "A1B2C3", "0A1B2C3D4E5F6A7B", "merchant", "test"],
            ["two", "D4E5F6", "0A1B2C3D4E5F6A7B", "merchant", "test"],
        ],
        &[("one", &["A1B2C3", "D4E5F6"])],
    ),
    (
        "numbers that an account has already stay there",
        &[
            ["one", "e5f6a1", "", "merchant", "test"],
            ["two", "F6A1B2", "", "other", "test"],
            ["three", "A1B2C3", "", "merchant", "test"],
        ],
        &[("own", &["e5f6a1", "F6A1B2"]), ("three", &["A1B2C3"])],
    ),
];

#[tokio::test]
async fn rows_are_grouped_by_user_and_environment() {
    let world = World::new().await;
    world
        .add("own", GrantKind::ClientCredentials, &["E5F6A1", "F6A1B2"])
        .await;
    for (what, rows, accounts) in CASES {
        let plan = world.control.plan_migration(world.migration(rows)).await;
        let plan = plan.expect("a plan");
        assert_eq!(plan.problems, Vec::<String>::new(), "{what}");
        assert_eq!(grouped(&plan.items), expected(accounts), "{what}");
    }
}

#[tokio::test]
async fn user_with_more_numbers_than_an_account_takes_gets_a_second_account() {
    let world = World::new().await;
    let rows: Vec<[String; 2]> = (0..33)
        .map(|n| [format!("p{n}"), format!("B1B2{n:02}")])
        .collect();
    let rows: Vec<[&str; 5]> = rows
        .iter()
        .map(|[name, number]| [name.as_str(), number, "", "merchant", "test"])
        .collect();
    let most: Vec<&str> = rows[..32].iter().map(|row| row[1]).collect();
    let plan = world.control.plan_migration(world.migration(&rows)).await;
    let items = grouped(&plan.expect("a plan").items);
    assert_eq!(items, expected(&[("p0", &most), ("p32", &["B1B232"])]));
}

#[tokio::test]
async fn sign_in_to_come_includes_a_new_number_of_its_user() {
    let world = World::new().await;
    let first = ["one", "A1B2C3", "", "merchant", "test"];
    let second = ["two", "D4E5F6", "", "merchant", "test"];
    let third = ["three", "X9Y8Z7", "", "merchant", "test"];
    world.run(&[first]).await;
    // Without the first row: the account is found by its user.
    let view = world.run(&[second]).await;
    let both = expected(&[("one", &["A1B2C3", "D4E5F6"])]);
    assert_eq!(grouped(&view.items), both);
    assert_eq!(view.items[0].profiles, ["one", "two"]);
    let account = world.store.account(&id("one")).await.expect("a store");
    let account = account.expect("an account");
    assert_eq!(account.aliases, [id("two")]);
    assert_eq!(account.numbers.len(), 2);
    let again = world.run(&[first, second]).await;
    assert_eq!(again, view, "twice is once");
    world.sign_in("one").await.expect("a login that owns both");
    // A login that was proven is left alone.
    let view = world.run(&[first, second, third]).await;
    let apart = expected(&[("one", &["A1B2C3", "D4E5F6"]), ("three", &["X9Y8Z7"])]);
    assert_eq!(grouped(&view.items), apart);
    assert_eq!(view.sign_ins, 1);
}

#[tokio::test]
async fn user_who_owns_only_some_numbers_is_told_and_the_list_can_be_corrected() {
    let world = World::new().await;
    let first = ["one", "A1B2C3", "", "merchant", "test"];
    let foreign = ["two", "X9Y8Z7", "", "merchant", "test"];
    world.run(&[first, foreign]).await;
    let refused = world.sign_in("one").await.expect_err("one is not theirs");
    assert_eq!(refused.code, "wrong_login");
    assert!(refused.message.contains("X9Y8Z7"), "{refused}");
    let removed = world
        .control
        .remove_account(crate::world::operator(), &id("one"))
        .await;
    removed.expect("removed");
    let corrected = ["two", "X9Y8Z7", "", "other", "test"];
    let view = world.run(&[first, corrected]).await;
    let apart = expected(&[("one", &["A1B2C3"]), ("two", &["X9Y8Z7"])]);
    assert_eq!(grouped(&view.items), apart);
    world.sign_in("one").await.expect("a login");
    let other = world.sign_in_as("two", "other", "parcel-2").await;
    other.expect("a login");
    let view = world.control.migration().await.expect("a migration");
    let done = |item: &MigrationItem| item.state == MigrationState::Done;
    assert!(
        view.items.iter().all(done) && view.ended_at.is_some(),
        "{view:#?}"
    );
    assert_eq!(view.items[0].environment, Environment::Test);
}

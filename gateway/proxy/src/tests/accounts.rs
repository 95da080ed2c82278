//! Other names of accounts, and accounts that are not there.

use super::harness::{Upstream, Wants, World, post};
use crate::{Directory, DirectoryError, directory::Account};

fn strict(change: impl FnOnce(&mut Directory) + 'static) -> Wants {
    Wants {
        trust_loopback: false,
        change: Box::new(change),
        ..Wants::default()
    }
}

fn ask(world: &World, account: &str) -> super::harness::Message {
    let fields = format!("waybill-key: shop-key\r\nwaybill-account: {account}\r\n");
    world.send(&post("/api", &fields, "{}"))
}

fn account<'a>(directory: &'a mut Directory, id: &str) -> &'a mut Account {
    let mut accounts = directory.accounts.iter_mut();
    let found = accounts.find(|account| account.id.as_str() == id);
    found.expect("it is there")
}

#[test]
fn account_answers_to_its_aliases_and_signs_with_its_name() {
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        strict(|directory| {
            account(directory, "main").aliases = ["A1B2C3", "old-main", "main"]
                .map(|name| name.parse().expect("a name"))
                .into();
            account(directory, "other").aliases = vec!["second".parse().expect("a name")];
        }),
    );
    for name in ["A1B2C3", "old-main", "main"] {
        let got = ask(&world, name);
        assert_eq!((got.status(), got.one("waybill-account")), (200, "main"));
    }
    // An alias of a foreign account is as unknown as no account at all.
    let (foreign, unknown) = (ask(&world, "second"), ask(&world, "third"));
    assert_eq!((foreign.status(), unknown.status()), (403, 403));
    assert_eq!(foreign.body, unknown.body);
    assert_eq!(
        ask(&world, "a1b2c3").status(),
        403,
        "names are case-sensitive"
    );
}

#[test]
fn app_is_granted_an_account_by_its_alias() {
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        strict(|directory| {
            account(directory, "other").aliases = vec!["second".parse().expect("a name")];
            directory.apps[0].accounts = vec!["second".parse().expect("a name")];
        }),
    );
    let got = world.send(&post("/api", "waybill-key: shop-key\r\n", "{}"));
    assert_eq!((got.status(), got.one("waybill-account")), (200, "other"));
    assert_eq!(ask(&world, "other").status(), 200);
    assert_eq!(ask(&world, "main").status(), 403);
}

#[test]
fn name_of_two_accounts_is_refused() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let handle = world.running.as_ref().expect("running").directory();
    for aliases in [[["other"], ["x"]], [["x"], ["x"]], [["x"], ["main"]]] {
        let mut directory = world.directory.clone();
        for (id, [alias]) in ["main", "other"].into_iter().zip(aliases) {
            account(&mut directory, id).aliases = vec![alias.parse().expect("a name")];
        }
        let refused = handle
            .replace(directory)
            .expect_err("one name, two accounts");
        assert!(
            matches!(refused, DirectoryError::AliasTwice(_)),
            "{refused}"
        );
    }
    assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
}

#[test]
fn app_whose_only_account_disappeared_is_told_so() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict(|_| {}));
    let mut client = world.connect();
    let request = post("/api", "waybill-key: shop-key\r\n", "{}");
    client.write(request.as_bytes());
    assert_eq!(client.read().status(), 200);
    world.replace(|directory| directory.accounts.retain(|a| a.id.as_str() != "main"));
    client.write(request.as_bytes());
    let got = client.read();
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (403, "account_forbidden")
    );
    assert!(got.text().contains("not active"), "{}", got.text());
    // It comes back.
    world.replace(|_| {});
    client.write(request.as_bytes());
    assert_eq!(client.read().status(), 200);
    assert_eq!(upstream.seen().len(), 2);
}

#[test]
fn missing_default_account_of_a_route_is_named() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    world.replace(|directory| directory.accounts.retain(|a| a.id.as_str() != "main"));
    let got = world.send(&post("/api", "", "{}"));
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (400, "account_required")
    );
    assert!(got.text().contains("main is not active"), "{}", got.text());
    let got = world.send(&post("/api", "waybill-account: other\r\n", "{}"));
    assert_eq!(got.status(), 200);
}

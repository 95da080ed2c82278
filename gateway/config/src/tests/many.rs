//! Thousands of accounts and apps: reading takes time in proportion to the file.

use super::{ROUTE, World};
use rustix::time::{ClockId, clock_gettime};
use std::{fmt::Write as _, time::Duration};

/// Accounts, an app for each fifth of them that names five, and one app that names all.
fn fleet(accounts: usize) -> String {
    let mut text = ROUTE.to_owned();
    let names: Vec<String> = (0..accounts).map(|n| format!("account-{n}")).collect();
    for name in &names {
        let _ = write!(
            text,
            "[[account]]\nname = \"{name}\"\naliases = [\"old-{name}\"]\ncarrier = \"ups\"\n\
             environment = \"test\"\nclient_id = \"id-{name}\"\n\
             client_secret = {{ value = \"planted-{name}\" }}\n"
        );
    }
    for (n, five) in names.chunks(5).enumerate() {
        let _ = write!(
            text,
            "[[app]]\nname = \"app-{n}\"\naccounts = {five:?}\nkey = {{ value = \"key-{n}\" }}\n\
             legacy_keys = [{{ value = \"old-{n}\" }}]\ndefault = {{ ups = {:?} }}\n",
            five[0]
        );
    }
    let _ = write!(
        text,
        "[[app]]\nname = \"all\"\naccounts = {names:?}\nkey = {{ value = \"all\" }}\n"
    );
    text
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(now.tv_sec).expect("a positive time"),
        u32::try_from(now.tv_nsec).expect("less than a second"),
    )
}

/// The least processor time of a few readings: other work on the machine only adds to it.
fn cost(world: &World, mistakes: usize) -> Duration {
    let read = |_| {
        let before = processor_time();
        let found = world.load().err().map_or(0, |e| e.mistakes().len());
        assert_eq!(found, mistakes);
        processor_time() - before
    };
    (0..3).map(read).min().expect("there was a reading")
}

/// Twice the accounts may cost a little more than twice the time (names are sorted), never the
/// four times of a search for each.
#[track_caller]
fn grows_with_the_file(
    size: usize,
    text: impl Fn(usize) -> String,
    mistakes: impl Fn(usize) -> usize,
) {
    let one = cost(&World::new(&text(size)), mistakes(size));
    let two = cost(&World::new(&text(2 * size)), mistakes(2 * size));
    assert!(two < one * 3, "{size}: {one:?}, twice as many: {two:?}");
}

#[test]
fn many_accounts_are_read_in_linear_time() {
    grows_with_the_file(2_000, fleet, |_| 0);
}

/// A mistake for every account.
#[test]
fn many_mistakes_are_found_in_linear_time() {
    grows_with_the_file(
        500,
        |accounts| fleet(accounts).replace("environment", "enviroment"),
        // For each account and the route: the unknown key and the missing one.
        |accounts| 2 * (accounts + 1),
    );
    grows_with_the_file(
        500,
        |accounts| fleet(accounts).replace("\nname = \"account-", "\nname = \"konto-"),
        // Each account is named by its own app, and by the app that names all.
        |accounts| 2 * accounts,
    );
}

/// All of it in one line.
#[test]
fn long_line_is_read_in_linear_time() {
    grows_with_the_file(
        5_000,
        |hosts| {
            let names: Vec<String> = (0..hosts).map(|n| format!("host-{n}")).collect();
            format!("[listen]\nadmin_hosts = {names:?}\n")
        },
        |_| 0,
    );
}

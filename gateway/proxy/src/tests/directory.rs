//! The directory changes while requests are served.

use super::harness::{Client, TOKEN_PATH, Upstream, Wants, World, ok, post, usable};
use crate::{
    Directory, DirectoryError,
    directory::{Account, App},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_model::{AccountId, CredentialCell, Environment};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

const KEY: &str = "waybill-key: shop-key\r\n";

fn strict() -> Wants {
    Wants {
        trust_loopback: false,
        ..Wants::default()
    }
}

fn exchange(client: &mut Client, fields: &str) -> super::harness::Message {
    client.write(post("/api", fields, "{}").as_bytes());
    client.read()
}

/// A new account whose token says `Bearer carrier-GENERATION`.
fn account(world: &World, name: &str, generation: u64) -> Account {
    let id: AccountId = name.parse().expect("a name");
    let cell = CredentialCell::new(id.clone());
    cell.publish(usable(&world.clock, generation, Duration::from_secs(3600)));
    Account {
        id,
        aliases: Vec::new(),
        carrier: "ups".parse().expect("an id"),
        environment: Environment::Test,
        cell: Arc::new(cell),
        signer: None,
    }
}

fn app(name: &str) -> App {
    App {
        id: name.parse().expect("a name"),
        login: None,
        key: None,
        accounts: vec!["other".parse().expect("a name")],
        rate: None,
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the worker's ticks run in real time"
    )]
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::yield_now();
    }
}

/// A bearer of the app `shop`, fetched over this connection.
fn bearer(client: &mut Client) -> String {
    let login = STANDARD.encode("shop-client:shop-secret");
    let login = format!("authorization: Basic {login}\r\n");
    client.write(post(TOKEN_PATH, &login, "grant_type=client_credentials").as_bytes());
    let body: serde_json::Value = serde_json::from_str(&client.read().text()).expect("JSON");
    let token = body["access_token"].as_str().expect("a token");
    format!("authorization: Bearer {token}\r\n")
}

#[test]
fn added_account_serves_the_next_request_of_an_open_connection() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let mut client = world.connect();
    let named = "waybill-account: new\r\n";
    assert_eq!(exchange(&mut client, named).status(), 403);
    world.replace(|directory| directory.accounts.insert(0, account(&world, "new", 7)));
    let got = exchange(&mut client, named);
    assert_eq!((got.status(), got.one("waybill-account")), (200, "new"));
    let got = exchange(&mut client, "");
    assert_eq!((got.status(), got.one("waybill-account")), (200, "main"));
    let seen = upstream.seen();
    assert_eq!(seen[0].one("authorization"), "Bearer carrier-7");
    assert_eq!(seen[1].one("authorization"), "Bearer carrier-1");
    assert_eq!(upstream.connections(), 1, "the origin is the same");
}

#[test]
fn removed_app_loses_its_key_and_its_token_mid_connection() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let mut client = world.connect();
    let bearer = bearer(&mut client);
    for fields in [KEY, &bearer, &bearer] {
        assert_eq!(exchange(&mut client, fields).status(), 200);
    }
    // Another app takes its place in the index.
    world.replace(|directory| directory.apps = vec![app("till")]);
    for fields in [KEY, &bearer] {
        let got = exchange(&mut client, fields);
        assert_eq!(
            (got.status(), got.one("waybill-error")),
            (401, "app_unauthenticated")
        );
    }
    assert_eq!(upstream.seen().len(), 3);
    // It is back, elsewhere in the index.
    world.replace(|directory| directory.apps.insert(0, app("till")));
    let got = exchange(&mut client, &bearer);
    assert_eq!((got.status(), got.one("waybill-account")), (200, "main"));
}

#[test]
fn token_ends_with_the_secret_that_it_was_bought_with() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let mut client = world.connect();
    let bearer = bearer(&mut client);
    assert_eq!(exchange(&mut client, &bearer).status(), 200);
    world.replace(|directory| {
        let login = directory.apps.iter_mut().find_map(|app| app.login.as_mut());
        login.expect("an app with a login").secret = crate::SecretHash::of("another");
    });
    assert_eq!(exchange(&mut client, &bearer).status(), 401);
    // Its static key is another secret.
    assert_eq!(exchange(&mut client, KEY).status(), 200);
}

#[test]
fn request_under_way_ends_with_the_directory_it_began_with() {
    let (arrived, arrival) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (arrived, released) = (Mutex::new(arrived), Mutex::new(released));
    let upstream = Upstream::start(Box::new(move |_, _| {
        let _ = arrived.lock().expect("no poison").send(());
        let _ = released.lock().expect("no poison").recv();
        ok("{}")
    }));
    let world = World::new(upstream.addr, strict());
    let mut client = world.connect();
    client.write(post("/api", KEY, "{}").as_bytes());
    arrival
        .recv_timeout(Duration::from_secs(20))
        .expect("the request arrives");
    world.replace(|directory| *directory = Directory::default());
    let mut second = world.connect();
    let got = exchange(&mut second, KEY);
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (404, "route_unknown")
    );
    release.send(()).expect("the upstream waits");
    let got = client.read();
    assert_eq!((got.status(), got.one("waybill-account")), (200, "main"));
    assert_eq!(exchange(&mut client, KEY).status(), 404);
    until("the connection to a forgotten origin ends", || {
        upstream.ended() == 1
    });
}

#[test]
fn route_leads_elsewhere_from_the_next_request_on() {
    let (first, second) = (Upstream::fine(), Upstream::fine());
    let world = World::new(first.addr, Wants::default());
    let mut client = world.connect();
    assert_eq!(exchange(&mut client, "").status(), 200);
    let origin = format!("http://{}", second.addr);
    world.replace(|directory| directory.routes[0].origin = origin.parse().expect("an origin"));
    assert_eq!(exchange(&mut client, "").status(), 200);
    assert_eq!((first.seen().len(), second.seen().len()), (1, 1));
    until("the old origin's connection is closed", || {
        first.ended() == 1
    });
    assert_eq!(second.ended(), 0);
}

#[test]
fn host_means_what_the_new_directory_says() {
    let upstream = Upstream::fine();
    let world = World::new(
        upstream.addr,
        Wants {
            change: Box::new(|directory| directory.routes[0].hosts = vec!["ups.internal".into()]),
            ..Wants::default()
        },
    );
    let request = "GET /ups/x HTTP/1.1\r\nhost: ups.internal\r\n\r\n";
    let mut client = world.connect();
    client.write(request.as_bytes());
    assert_eq!(client.read().status(), 200);
    // The same Host on the same connection; now it selects nothing, so the prefix does, and it is
    // foreign to this machine.
    world.replace(|directory| directory.routes[0].hosts.clear());
    client.write(request.as_bytes());
    let got = client.read();
    assert_eq!(
        (got.status(), got.one("waybill-error")),
        (403, "host_refused")
    );
    assert_eq!(upstream.seen()[0].start, "GET /ups/x HTTP/1.1");
}

#[test]
fn counters_of_what_stays_go_on_and_what_leaves_takes_them_along() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, Wants::default());
    let requests = || -> Vec<(String, u64)> {
        let accounts = world.metrics().accounts;
        let named = accounts.iter().map(|(id, n, _)| (id.to_string(), *n));
        named.collect()
    };
    let send = || assert_eq!(world.send(&post("/api", "", "{}")).status(), 200);
    send();
    world.replace(|directory| directory.accounts.insert(0, account(&world, "new", 7)));
    send();
    until("counted", || requests() == [("main".to_owned(), 2)]);
    world.replace(|directory| {
        directory
            .accounts
            .retain(|account| account.id.as_str() != "main");
    });
    assert!(requests().is_empty());
    world.replace(|_| {});
    send();
    until("counted anew", || requests() == [("main".to_owned(), 1)]);
}

#[test]
fn directory_that_cannot_be_served_changes_nothing() {
    let upstream = Upstream::fine();
    let world = World::new(upstream.addr, strict());
    let mut directory = world.directory.clone();
    directory.apps.clear();
    directory.accounts.push(account(&world, "main", 9));
    let handle = world.running.as_ref().expect("running").directory();
    let refused = handle
        .replace(directory)
        .expect_err("an account is there twice");
    assert_eq!(
        refused,
        DirectoryError::AccountTwice("main".parse().expect("a name"))
    );
    assert_eq!(world.send(&post("/api", KEY, "{}")).status(), 200);
    let mut directory = world.directory.clone();
    let mut second = app("till");
    second.key = directory.apps[0].key;
    directory.apps.push(second);
    let refused = handle.replace(directory).expect_err("a key is there twice");
    assert_eq!(refused, DirectoryError::KeyTwice("till".to_owned()));
}

/// Every request asks for an account of its own client, while accounts before it come and go, so that
/// its place in the index changes all the time.
#[test]
fn thousand_changes_under_load_fail_no_request() {
    const CHANGES: u64 = 1000;
    const CLIENTS: u64 = 4;
    let upstream = Upstream::start(Box::new(|_, message| ok(message.one("authorization"))));
    let world = World::new(
        upstream.addr,
        Wants {
            workers: 2,
            ..Wants::default()
        },
    );
    let own = (0..CLIENTS).map(|n| account(&world, &format!("own-{n}"), 100 + n));
    let own: Vec<Account> = own.collect();
    let with_own = |directory: &mut Directory| directory.accounts.extend(own.iter().cloned());
    world.replace(with_own);
    let over = AtomicBool::new(false);
    let served: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (world, over) = (&world, &over);
                scope.spawn(move || {
                    let mut client = world.connect();
                    let fields = format!("waybill-account: own-{n}\r\n");
                    let (account, token) =
                        (format!("own-{n}"), format!("Bearer carrier-{}", 100 + n));
                    let mut served = 0;
                    while !over.load(Ordering::Relaxed) || served == 0 {
                        let got = exchange(&mut client, &fields);
                        assert_eq!(got.status(), 200, "{}", got.text());
                        assert_eq!(
                            (got.one("waybill-account"), got.text()),
                            (&*account, token.clone())
                        );
                        served += 1;
                    }
                    served
                })
            })
            .collect();
        for change in 0..CHANGES {
            world.replace(|directory| {
                with_own(directory);
                for other in 0..change % 7 {
                    let name = format!("other-{change}-{other}");
                    directory.accounts.insert(0, account(&world, &name, 1));
                }
                directory.apps[0].rate = None;
            });
        }
        over.store(true, Ordering::Relaxed);
        clients
            .into_iter()
            .map(|client| client.join().expect("served"))
            .sum()
    });
    assert!(served >= CLIENTS);
    assert_eq!(upstream.seen().len() as u64, served);
    // The pools are kept: without that there would be one for each change.
    let connections = upstream.connections();
    assert!(connections <= 2 * CLIENTS, "{connections}");
    until("every request is counted", || {
        world
            .metrics()
            .accounts
            .iter()
            .map(|(_, n, _)| n)
            .sum::<u64>()
            == served
    });
}

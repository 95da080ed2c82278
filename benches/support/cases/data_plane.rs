//! What a request meets: framing check, routing, app token, credential, injection.

use super::case::Case;
use crate::now;
use gateway_framing::RequestFraming;
use gateway_model::{
    AccountId, Credential, CredentialCell, CredentialState, CredentialView, Environment,
    Generation, SecretBytes,
};
use gateway_proxy::{
    Account, App, AppLogin, Directory, Route, SecretHash,
    bench_support::{self, Lookup, Tokens},
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// As long as UPS's tokens.
const TOKEN_BYTES: usize = 1_500;

/// A usable credential of that generation.
///
/// # Panics
/// Never: the value is visible ASCII.
#[must_use]
pub fn usable(generation: u64) -> Credential {
    let value = format!("Bearer {}", "t".repeat(TOKEN_BYTES));
    let mut value = HeaderValue::try_from(value).expect("letters are a field value");
    value.set_sensitive(true);
    Credential {
        generation: Generation(generation),
        headers: vec![(header::AUTHORIZATION, value)],
        expires_at: now() + Duration::from_secs(3600),
        state: None,
        slots: Vec::new(),
    }
}

fn account_id(at: usize) -> AccountId {
    let id = format!("account-{at}");
    id.parse().expect("letters, digits and a dash are a name")
}

/// A cell with a usable credential.
#[must_use]
pub fn cell() -> Arc<CredentialCell> {
    let cell = CredentialCell::new(account_id(0));
    cell.publish(CredentialState::Usable(usable(1)));
    Arc::new(cell)
}

pub(super) fn framing() -> Case {
    let head = format!(
        "POST /api/rating/v2409/Shop?additionalinfo=timeintransit HTTP/1.1\r\nHost: ups.internal:8080\r\n\
         Content-Type: application/json\r\nAccept: application/json\r\nUser-Agent: shop/1.0\r\n\
         transId: 0123456789abcdef0123456789abcdef\r\ntransactionSrc: shop\r\n\
         Authorization: Bearer {}\r\nContent-Length: 2048\r\n\r\n",
        "a".repeat(280)
    )
    .into_bytes();
    Case {
        name: "framing check of a 600-byte head".to_owned(),
        run: Box::new(move || {
            let advance = RequestFraming::new().advance(black_box(&head));
            assert!(advance.violation.is_none() && advance.approved == head.len());
        }),
    }
}

pub(super) fn inject() -> Case {
    let credential = usable(1);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "ups.internal"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("user-agent", "shop/1.0"),
        ("transid", "0123456789abcdef0123456789abcdef"),
        ("transactionsrc", "shop"),
        ("content-length", "2048"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let fields = headers.into();
    let mut buffer = Vec::new();
    Case {
        name: "injection of a 1.5 KB bearer".to_owned(),
        run: Box::new(move || {
            buffer.clear();
            bench_support::inject(black_box(&mut buffer), &fields, &credential);
        }),
    }
}

pub(super) fn view() -> Case {
    let mut view = CredentialView::new(cell());
    Case {
        name: "credential view, unchanged".to_owned(),
        run: Box::new(move || {
            black_box(view.current());
        }),
    }
}

pub(super) fn view_published() -> Case {
    let cell = cell();
    let mut view = CredentialView::new(Arc::clone(&cell));
    Case {
        name: "credential published, then read".to_owned(),
        run: Box::new(move || {
            cell.publish(CredentialState::Usable(usable(2)));
            black_box(view.current());
        }),
    }
}

/// A directory of the given size.
fn directory(count: usize) -> Directory {
    let manifest = gateway_plugin_host::Manifest::parse(plugins_ups::MANIFEST.as_bytes());
    let profile = manifest.and_then(|manifest| manifest.profile());
    let profile = Arc::new(profile.expect("the manifest of the UPS plugin is valid"));
    let mut directory = Directory::default();
    for at in 0..count {
        let id = account_id(at);
        directory.routes.push(Route {
            profile: Arc::clone(&profile),
            environment: Environment::Test,
            origin: "https://wwwcie.ups.com".parse().expect("an origin"),
            danger_plaintext: false,
            hosts: vec![format!("route-{at}.internal")],
            prefix: Some(format!("/route-{at}")),
            default_account: None,
        });
        directory.accounts.push(Account {
            id: id.clone(),
            aliases: Vec::new(),
            carrier: profile.id.clone(),
            environment: Environment::Test,
            cell: Arc::new(CredentialCell::new(id.clone())),
            signer: None,
        });
        directory.apps.push(App {
            id: format!("app-{at}")
                .parse()
                .expect("letters, digits and a dash are a name"),
            login: Some(AppLogin {
                client_id: format!("client-{at}"),
                secret: SecretHash::of("secret"),
            }),
            key: None,
            accounts: vec![id],
            rate: None,
        });
    }
    directory
}

/// Keys that a case of routing takes in turn: hash tables have a seed of their own in each run, and
/// one key's way through its table differs; that of many together hardly does.
const KEYS: usize = 100;

fn route(name: &'static str, count: usize) -> Case {
    let lookup = Lookup::new(directory(count)).expect("a valid directory");
    let keys = (0..count).step_by(count.div_ceil(KEYS)).map(|at| {
        let uri: Uri = format!("/route-{at}/api/rating/v2409/Shop")
            .parse()
            .expect("a path");
        (uri, format!("client-{at}"))
    });
    let keys: Vec<_> = keys.collect();
    let mut turn = 0;
    Case {
        name: name.to_owned(),
        run: Box::new(move || {
            let (uri, client) = &keys[turn];
            turn = (turn + 1) % keys.len();
            let (route, target) = lookup
                .route("gateway.internal", black_box(uri))
                .expect("a route");
            assert!(target.as_str().starts_with("/api"));
            black_box(lookup.app(black_box(client), route).expect("an account"));
        }),
    }
}

pub(super) fn route_1() -> Case {
    route("route and account, 1 of each", 1)
}

pub(super) fn route_100() -> Case {
    route("route and account, 100 of each", 100)
}

pub(super) fn route_10_000() -> Case {
    route("route and account, 10,000 of each", 10_000)
}

/// What the data plane asks of the carrier's API for each request, with UPS's whole table.
pub(super) fn operation() -> Case {
    let manifest = gateway_plugin_host::Manifest::parse(plugins_ups::MANIFEST.as_bytes());
    let profile = manifest.and_then(|manifest| manifest.profile());
    let api = profile
        .expect("the manifest of the UPS plugin is valid")
        .api;
    Case {
        name: "operation by method and path".to_owned(),
        run: Box::new(move || {
            let path = black_box("/api/rating/v2409/Shop");
            assert!(!api.is_authorization_path(path));
            assert!(api.operation(&http::Method::POST, path).is_some());
        }),
    }
}

/// Two thousand years would not be enough to repeat a measurement at another wall time.
const WALL: SystemTime = SystemTime::UNIX_EPOCH;

pub(super) fn jwt_first() -> Case {
    let key = SecretBytes::new(vec![7; 32]);
    let token = Tokens::new(&key).issue("app", WALL).expect("a token");
    let now = now();
    Case {
        name: "app token, first sight".to_owned(),
        run: Box::new(move || {
            assert!(Tokens::new(&key).is_good(black_box(&token), now, WALL));
        }),
    }
}

pub(super) fn jwt_repeated() -> Case {
    let key = SecretBytes::new(vec![7; 32]);
    let mut tokens = Tokens::new(&key);
    let token = tokens.issue("app", WALL).expect("a token");
    let now = now();
    Case {
        name: "app token, seen before".to_owned(),
        run: Box::new(move || assert!(tokens.is_good(black_box(&token), now, WALL))),
    }
}

//! Whose word about a client's address is believed.

use super::World;
use gateway_model::ClientAddressSource;

fn listen(lines: &str) -> World {
    World::new(&format!("[listen]\n{lines}\n"))
}

#[test]
fn nobody_is_trusted_by_default() {
    let config = World::new("").config();
    let sources = [
        &config.listen.admin_client_address,
        &config.listen.apps_client_address,
    ];
    assert_eq!(sources, [&ClientAddressSource::Connection; 2]);
}

#[test]
fn sources_are_read_with_their_proxies() {
    let world = listen("trusted_proxies = [\"10.0.0.0/8\", \"2001:db8::7\"]")
        .var("WAYBILL_LISTEN_ADMIN_CLIENT_ADDRESS", "x-forwarded-for")
        .var("WAYBILL_LISTEN_APPS_CLIENT_ADDRESS", "proxy-protocol");
    let config = world.config();
    let (peer, stranger) = ("10.9.9.9", "192.0.2.1");
    let apps = config.listen.apps_client_address;
    assert!(apps.expects_proxy_header(peer.parse().expect("an address")));
    assert!(!apps.expects_proxy_header(stranger.parse().expect("an address")));
    let ClientAddressSource::XForwardedFor(proxies) = config.listen.admin_client_address else {
        panic!("the variable says so");
    };
    assert!(proxies.trusts("2001:db8::7".parse().expect("an address")));
    assert!(
        config
            .notes
            .iter()
            .all(|note| !note.message.contains("trusted_proxies"))
    );
}

#[test]
fn mistakes_name_the_network_and_what_is_missing() {
    for (lines, words) in [
        (
            "admin_client_address = \"proxy-protocol\"",
            "admin_client_address needs trusted_proxies",
        ),
        (
            "apps_client_address = \"proxy-protocol\"",
            "apps_client_address needs trusted_proxies",
        ),
        (
            "trusted_proxies = []\nadmin_client_address = \"x-forwarded-for\"",
            "admin_client_address needs trusted_proxies",
        ),
        (
            "admin_client_address = \"forwarded\"",
            "\"forwarded\" is no source of addresses here",
        ),
        (
            "trusted_proxies = \"10.0.0.0/8\"\napps_client_address = \"x-forwarded-for\"",
            "\"x-forwarded-for\" is no source of addresses here; write \"connection\" or \"proxy-protocol\"",
        ),
        (
            "trusted_proxies = \"balancer\"",
            "\"balancer\": it is neither an address nor a network",
        ),
        (
            "trusted_proxies = \"0.0.0.0/0\"",
            "it contains every address",
        ),
        (
            "trusted_proxies = \"10.1.0.0/8\"",
            "the network is 10.0.0.0/8",
        ),
        (
            "trusted_proxies = [\"::1\", \"::1/128\"]",
            "::1/128 is listed twice",
        ),
        (
            "trusted_proxies = \"balancer\"\nadmin_client_address = \"proxy-protocol\"",
            "neither an address",
        ),
    ] {
        let mistakes = listen(lines).mistakes();
        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        assert!(mistakes[0].contains(words), "{mistakes:#?}");
    }
}

#[test]
fn what_an_operator_may_not_expect_is_noted() {
    for (lines, words) in [
        (
            "trusted_proxies = \"10.0.0.0/8\"",
            "trusted_proxies has no effect",
        ),
        (
            "trusted_proxies = \"127.0.0.1\"\nadmin_client_address = \"proxy-protocol\"",
            "the waybill commands cannot reach the admin listener",
        ),
    ] {
        let notes = listen(lines).config().notes;
        let found = notes.iter().any(|note| note.message.contains(words));
        assert!(found, "{notes:?}");
    }
}

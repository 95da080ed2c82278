use super::*;
use gateway_model::ProxyNetwork;
use http::HeaderValue;

fn client(peer: &str, lines: &[&'static str]) -> String {
    let proxies = ["10.0.0.0/8", "2001:db8:1::/48"].map(|text| text.parse::<ProxyNetwork>());
    let proxies = proxies
        .into_iter()
        .map(|network| network.expect("a network"));
    let source = ClientAddressSource::XForwardedFor(proxies.collect());
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
    }
    let clients = Clients::new(Connections::default()).by(source);
    let peer = peer.parse().expect("an address");
    clients.of_request(peer, &headers).to_string()
}

#[test]
fn request_counts_for_the_last_address_that_no_trusted_proxy_has() {
    for (peer, lines, expected) in [
        ("10.0.0.1", &["203.0.113.9"][..], "203.0.113.9"),
        ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
        ("2001:db8:1::1", &["2001:db8:2::9"], "2001:db8:2::9"),
        // What the client wrote itself stands to the left.
        ("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["10.0.0.9, 203.0.113.9"], "203.0.113.9"),
        // Two trusted proxies in a row.
        ("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", &["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", &["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        // Forms that proxies write.
        ("10.0.0.1", &["203.0.113.9:51234"], "203.0.113.9"),
        ("10.0.0.1", &["[2001:db8:2::9]:51234"], "2001:db8:2::9"),
        ("10.0.0.1", &["[2001:db8:2::9]"], "2001:db8:2::9"),
        ("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", &["203.0.113.9 , , "], "203.0.113.9"),
        // A proxy that does not tell, or writes no address.
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &[""], "10.0.0.1"),
        ("10.0.0.1", &["unknown"], "10.0.0.1"),
        ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["203.0.113.9;10.0.0.2"], "10.0.0.1"),
        // Not a trusted proxy: its word counts for nothing.
        ("203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
        ("203.0.113.7", &["198.51.100.1, 10.0.0.1"], "203.0.113.7"),
    ] {
        assert_eq!(client(peer, lines), expected, "{peer} {lines:?}");
    }
}

#[test]
fn field_means_nothing_unless_it_is_the_source() {
    let proxies: ProxyNetwork = "10.0.0.0/8".parse().expect("a network");
    let mut headers = HeaderMap::new();
    headers.append(FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
    let peer: IpAddr = "10.0.0.1".parse().expect("an address");
    for source in [
        ClientAddressSource::Connection,
        ClientAddressSource::ProxyProtocol([proxies].into_iter().collect()),
    ] {
        let clients = Clients::new(Connections::default()).by(source);
        assert_eq!(clients.of_request(peer, &headers), peer);
    }
}

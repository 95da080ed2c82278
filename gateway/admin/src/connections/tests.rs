use super::*;
use std::net::Ipv4Addr;

fn address(n: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a00_0000 + n).into()
}

fn admit(connections: &Connections, n: u32) -> Arc<ConnectionSlot> {
    connections.admit(address(n)).expect("a place")
}

fn open(connections: &Connections, place: &ConnectionSlot) -> bool {
    connections.table().open.contains_key(&place.id)
}

#[test]
fn new_connection_takes_the_place_that_its_own_address_left_idle_longest() {
    let connections = Connections::default();
    let other = admit(&connections, 2);
    let mut own: Vec<_> = (0..MAX_OF_ADDRESS)
        .map(|_| admit(&connections, 1))
        .collect();
    // The oldest one is not the one that has been idle longest.
    drop(own[0].begin());
    own.push(admit(&connections, 1));
    let kept: Vec<bool> = own.iter().map(|place| open(&connections, place)).collect();
    assert_eq!((kept[0], kept[1], kept[2]), (true, false, true));
    assert!(open(&connections, &other));
}

#[test]
fn full_table_takes_from_the_address_with_the_most() {
    let connections = Connections::default();
    let few = admit(&connections, 3);
    let many: Vec<_> = (0..MAX_CONNECTIONS - 1)
        .map(|n| admit(&connections, u32::from(n >= MAX_OF_ADDRESS)))
        .collect();
    let new = admit(&connections, 9);
    assert!(open(&connections, &few) && open(&connections, &new));
    assert!(!open(&connections, &many[0]));
}

#[test]
fn request_in_progress_keeps_its_place() {
    let connections = Connections::default();
    let places: Vec<_> = (0..MAX_OF_ADDRESS)
        .map(|_| admit(&connections, 1))
        .collect();
    let mut requests: Vec<_> = places.iter().map(ConnectionSlot::begin).collect();
    assert!(connections.admit(address(1)).is_none());
    drop(requests.pop());
    drop(admit(&connections, 1));
    assert_eq!(connections.table().open.len(), MAX_OF_ADDRESS - 1);
    drop((requests, places));
    assert!(connections.table().open.is_empty());
}

//! Requests go before whatever else the gateway does.

use std::{collections::BTreeMap, fs};
use tests::World;

/// The last nice value of each kind of thread, by the name it has without its number.
fn niceness(pid: u32) -> BTreeMap<String, i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the gateway runs");
    let all = tasks.filter_map(|task| {
        let stat = fs::read_to_string(task.ok()?.path().join("stat")).ok()?;
        // The name stands in parentheses; the nice value is the nineteenth field (proc(5)).
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        let nice = rest.split_whitespace().nth(16)?.parse().ok()?;
        let kind = name.trim_end_matches(|end: char| end.is_ascii_digit() || end == '-');
        Some((kind.to_owned(), nice))
    });
    all.collect()
}

#[tokio::test]
async fn control_plane_gives_way_to_workers() {
    let world = World::start().await;
    let own = niceness(std::process::id());
    let all = niceness(world.gateway.process.pid());
    let base = own.values().copied().min().expect("this thread");
    // Names are cut to fifteen letters.
    assert_eq!(all.get("waybill-worker"), Some(&base), "{all:?}");
    assert_eq!(
        all.get("waybill-control"),
        Some(&(base + 5).min(19)),
        "{all:?}"
    );
}

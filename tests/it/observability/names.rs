//! The page that lists the metrics, and what a gateway serves.

use std::{collections::BTreeSet, fs};
use tests::World;

/// The names in the tables of the page: those of a fleet, and all others.
fn documented() -> (BTreeSet<String>, BTreeSet<String>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/observability.md");
    let page = fs::read_to_string(path).expect("the page exists");
    let (others, fleet) = page.split_once("\n### Fleet\n").expect("the fleet's part");
    let names = |text: &str| -> BTreeSet<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
        let names = rows.filter_map(|row| row.split('`').next());
        let is_metric = |name: &&str| name.starts_with("waybill_") || name.starts_with("process_");
        names.filter(is_metric).map(str::to_owned).collect()
    };
    let fleet = fleet.split("\n## ").next().unwrap_or_default();
    (names(fleet), names(others))
}

#[tokio::test]
async fn documented_metrics_are_those_that_a_gateway_serves() {
    let world = World::builder()
        .more("[metrics]\naccount_series = true\n[telemetry]\nendpoint = \"http://127.0.0.1:9\"\nmetrics = true\nlogs = true")
        .start()
        .await;
    world.shop().await.assert_rates();
    let metrics = world.admin.get("/metrics").await;
    let types = metrics.text();
    let types = types
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    let served: BTreeSet<String> = types
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    let (fleet, documented) = documented();
    let missing: Vec<_> = documented.difference(&served).collect();
    assert!(missing.is_empty(), "documented and not served: {missing:?}");
    let unknown: Vec<_> = served.difference(&documented).collect();
    assert!(unknown.is_empty(), "served and not documented: {unknown:?}");
    assert_eq!(fleet.len(), 4, "{fleet:?}");
    assert!(fleet.is_disjoint(&served), "this gateway is alone");
}

//! What is exported, and how.

use super::{ROUTE, World};
use std::time::Duration;

const PLANTED: &str = "planted-0b5d";

fn telemetry(keys: &str) -> World {
    World::new(&format!(
        "[listen]\ntrust_loopback = true\n[telemetry]\n{keys}\n{ROUTE}"
    ))
}

#[test]
fn collector_gets_spans_alone_until_more_is_wanted() {
    assert!(telemetry("").config().telemetry.collector.is_none());
    let config = telemetry("endpoint = \"https://collector.example/otlp/\"").config();
    let collector = config.telemetry.collector.expect("there is an endpoint");
    assert_eq!(collector.endpoint, "https://collector.example/otlp");
    assert!(collector.traces && !collector.metrics && !collector.logs);
    assert_eq!(collector.metrics_interval, Duration::from_secs(60));
    let keys = "endpoint = \"http://127.0.0.1:4318\"\ntraces = false\nmetrics = true\nlogs = true\n\
                metrics_interval = \"15s\"";
    let config = telemetry(keys).config();
    let collector = config.telemetry.collector.expect("there is an endpoint");
    assert!(!collector.traces && collector.metrics && collector.logs);
    assert_eq!(collector.metrics_interval, Duration::from_secs(15));
    assert!(config.notes.is_empty(), "{:?}", config.notes);
}

#[test]
fn mistakes_say_what_to_write_and_quote_no_secret() {
    for (keys, words) in [
        ("metrics_interval = \"1ms\"".to_owned(), "metrics_interval"),
        ("metrics_interval = 60".to_owned(), "metrics_interval"),
        ("metrics = \"yes\"".to_owned(), "true or false"),
        ("logs = 1".to_owned(), "true or false"),
        ("log = true".to_owned(), "logs"),
        (
            format!("endpoint = \"https://user:{PLANTED}@collector.example\""),
            "without user",
        ),
        (
            format!("headers = {{ value = \"{PLANTED}\" }}"),
            "name=value,name=value",
        ),
    ] {
        let mistakes = telemetry(&keys).mistakes();
        assert_eq!(mistakes.len(), 1, "{keys}: {mistakes:#?}");
        assert!(mistakes[0].contains(words), "{keys}: {mistakes:#?}");
        assert!(!mistakes[0].contains(PLANTED), "{keys}: {mistakes:#?}");
    }
}

#[test]
fn what_exports_nothing_or_in_clear_is_noted() {
    for (keys, words) in [
        ("metrics = true", "without endpoint"),
        ("logs = true", "without endpoint"),
        ("endpoint = \"http://collector.example:4318\"", "plain http"),
    ] {
        let notes = telemetry(keys).config().notes;
        assert_eq!(notes.len(), 1, "{keys}: {notes:?}");
        assert!(notes[0].message.contains(words), "{keys}: {notes:?}");
    }
}

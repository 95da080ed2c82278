//! On a small sample of what the load program writes.

use super::*;
use serde_json::json;

fn figure(rounds: &[f64; 3]) -> Value {
    let mut sorted = *rounds;
    sorted.sort_by(f64::total_cmp);
    json!({"median": sorted[1], "least": sorted[0], "most": sorted[2], "rounds": rounds})
}

fn candidate(name: &str, us: f64) -> Value {
    let cpu = figure(&[us + 2.0, us, us - 1.0]);
    let shape = json!({
        "cpu_us_per_request": cpu, "requests_per_second": figure(&[20_000.4, 19_000.0, 21_000.0]),
        "latency_us": [figure(&[90.0; 3]), figure(&[1_234.0; 3]), figure(&[5_000.0; 3])],
    });
    json!({
        "name": name, "version": format!("{name} 1.2"), "skipped": null, "ratio": figure(&[0.5, 0.6, 0.7]),
        "shapes": {"closed": shape, "steady": shape},
        "memory": {"start_kib": 2048, "busy_kib": 3072, "idle_kib": 4608, "idle_connection_bytes": 3040},
    })
}

fn run(tls: bool, revision: &str) -> Value {
    json!({
        "about": {"started": "2030-01-02T03:04:05Z", "machine": "4 x Some <CPU>", "load_before": 0.25,
                  "notes": {"command": "cargo xtask bench peers -- --rounds 3", "revision": revision,
                            "rustc": "rustc 1.95.0"}},
        "workers": 1, "connections": 64, "rate": 8000, "fresh_rate": 1000, "idle": 5000, "seconds": 4,
        "rounds": 3, "tls_upstream": tls, "downstream": "HTTP/1.1",
        "processors": {"proxy": [0], "mock": [1, 2], "generator": [3]},
        "candidates": [
            candidate("waybill", 40.0), candidate("nginx", 42.5),
            {"name": "pingora", "version": null, "skipped": "no such file", "ratio": null,
             "shapes": {}, "memory": {}},
        ],
    })
}

/// A page with results of peers only, in a folder of its own.
fn write(runs: &[(&str, Value)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, run) in runs {
        fs::write(folder.path().join(name), run.to_string()).unwrap();
    }
    let mut page = "before\n".to_owned();
    for section in ["peers", "gateway", "storms", "micro"] {
        page += &format!(
            "<!-- {section}: written by `cargo xtask bench report` -->\nold {section}\n\
             <!-- end of {section} -->\n"
        );
    }
    fs::write(folder.path().join("page.md"), page + "after\n").unwrap();
    folder
}

fn report(folder: &Path) -> String {
    let report = Report {
        from: folder.to_owned(),
        page: folder.join("page.md"),
    };
    report.run().unwrap();
    fs::read_to_string(folder.join("page.md")).unwrap()
}

#[test]
fn report_writes_what_was_measured_and_leaves_the_rest() {
    let folder = write(&[("peers-plain-1.json", run(false, "abc"))]);
    let page = report(folder.path());
    assert!(
        page.starts_with("before\n") && page.ends_with("after\n"),
        "{page}"
    );
    assert!(
        !page.contains("old peers") && page.contains("old gateway"),
        "{page}"
    );
    for expected in [
        "2030-01-02; `cargo xtask bench peers -- --rounds 3`; commit abc; rustc 1.95.0. 4 x Some <CPU>.",
        "3 rounds of 4 seconds; closed: 64 connections, steady: 8,000 requests a second",
        "waybill 1.2; nginx 1.2.",
        "In the minute before the first run 0.25 processes",
        "#### Plaintext upstream, 1 worker",
        "Processors: proxy [0], mock [1,2], load [3].",
        "| waybill | 40.0 (39.0 to 42.0) | 20,000 | 40.0 | - | 2.0 / 3.0 / 4.5 | 3,040 | 0.60 (0.50 to 0.70) |",
        "| nginx | 90 / 1,234 / 5,000 | 90 / 1,234 / 5,000 | - | - / - |",
        "Not installed, so left out: pingora.",
    ] {
        assert!(page.contains(expected), "{expected}\nis not in\n{page}");
    }
    let plot = fs::read_to_string(folder.path().join("page/peers-cpu.svg")).unwrap();
    assert_eq!(
        plot.matches("<rect").count(),
        1 + 2 + 1,
        "page, two bars, legend"
    );
    assert!(plot.contains(">42.5 us<") && plot.contains("median of 3 rounds"));
}

#[test]
fn overloaded_candidate_is_named_so_and_not_drawn() {
    let mut run = run(false, "abc");
    let steady = &mut run["candidates"][1]["shapes"]["steady"];
    steady["requests_per_second"] = figure(&[6_900.0, 6_900.0, 6_900.0]);
    let folder = write(&[("peers-plain-1.json", run)]);
    let page = report(folder.path());
    let row = "| nginx | 90 / 1,234 / 5,000 | overloaded: 6,900 a second | - | - / - |";
    assert!(page.contains(row), "{page}");
    let plot = fs::read_to_string(folder.path().join("page/peers-p99.svg")).unwrap();
    assert!(
        plot.contains(">waybill<") && !plot.contains(">nginx<"),
        "{plot}"
    );
}

#[test]
fn report_of_the_same_results_is_the_same() {
    let folder = write(&[
        ("peers-plain-1.json", run(false, "abc")),
        ("peers-tls-1.json", run(true, "abc")),
    ]);
    let read = || fs::read_to_string(folder.path().join("page/peers-cpu.svg")).unwrap();
    let (page, plot) = (report(folder.path()), read());
    assert_eq!((report(folder.path()), read()), (page.clone(), plot));
    assert_eq!(
        page.matches("commit abc").count(),
        1,
        "said once for both: {page}"
    );
}

#[test]
fn much_content_has_a_plot_of_its_own_and_a_title_that_says_so() {
    let mut large = run(false, "abc");
    large["form"] = json!("GET of 1 MB");
    let mut http2 = run(false, "abc");
    http2["form"] = json!("Shop");
    http2["downstream"] = json!("HTTP/2 over TLS");
    let folder = write(&[
        ("peers-answer-1m.json", large),
        ("peers-apps-h2-tls.json", http2),
    ]);
    let page = report(folder.path());
    for expected in [
        "#### GET of 1 MB; plaintext upstream, 1 worker",
        "#### HTTP/2 over TLS; plaintext upstream, 1 worker",
        "benchmarks/peers-content-cpu.svg",
    ] {
        assert!(page.contains(expected), "{expected}\nis not in\n{page}");
    }
    let plot = |name: &str| fs::read_to_string(folder.path().join("page").join(name)).unwrap();
    assert!(plot("peers-content-cpu.svg").contains("GET of 1 MB"));
    assert!(!plot("peers-cpu.svg").contains("GET of 1 MB"));
}

#[test]
fn what_was_asked_beside_the_gateway_has_a_row_of_its_own() {
    let mut with_mock = run(false, "abc");
    with_mock["candidates"] = json!([
        candidate("waybill", 40.0),
        candidate("mock-ups itself", 26.0)
    ]);
    let mut without = run(true, "abc");
    without["candidates"] = json!([candidate("waybill", 50.0)]);
    let folder = write(&[
        ("gateway-plain-1.json", with_mock),
        ("gateway-tls-1.json", without),
    ]);
    let page = report(folder.path());
    assert!(
        page.contains("| HTTP/1.1; plaintext upstream, 1 worker: mock-ups itself | 26.0"),
        "{page}"
    );
    let circumstances = page.lines().filter(|line| line.contains("2030-01-02"));
    assert_eq!(circumstances.count(), 1, "the same for both:\n{page}");
}

#[test]
fn runs_of_different_programs_are_told_apart() {
    let folder = write(&[
        ("peers-plain-1.json", run(false, "abc")),
        ("peers-tls-1.json", run(true, "def")),
    ]);
    let page = report(folder.path());
    assert!(
        page.contains("For HTTP/1.1; plaintext upstream, 1 worker: 2030-01-02;")
            && page.contains("For HTTP/1.1; TLS upstream, 1 worker: 2030-01-02;"),
        "{page}"
    );
}

#[test]
fn storms_and_paths_become_tables() {
    let about = json!({"started": "2030-01-02T03:04:05Z", "machine": "m", "notes": {}});
    let storms = json!({"about": about, "processors": "gateway [0]",
                        "storms": {"due": {"accounts": 10_000, "p99 ratio": 1.234}}});
    let micro = json!({"about": about, "paths": [
        {"name": "injection", "median_ns": 1234.5, "least_ns": 12.34, "most_ns": 2.5e6}]});
    let folder = write(&[("storms.json", storms), ("micro.json", micro)]);
    let page = report(folder.path());
    for expected in [
        "| due | accounts | 10,000 |\n| due | p99 ratio | 1.23 |",
        "| injection | 1.23 us (12.3 ns to 2.50 ms) |",
        "old peers",
    ] {
        assert!(page.contains(expected), "{expected}\nis not in\n{page}");
    }
}

#[test]
fn page_without_a_place_or_broken_results_are_refused() {
    assert!(put("text", "peers", "new").is_err());
    let folder = write(&[]);
    fs::write(folder.path().join("peers-tls-2.json"), "{").unwrap();
    assert!(sections(folder.path()).is_err());
}

//! The text format of Prometheus before OpenMetrics, for tools that ask for nothing else.

/// The same metrics in the older format: a counter is described under the name that its samples have, and there
/// are neither units nor a mark of the end.
pub(super) fn of(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if line.starts_with("# HELP ") {
            // Kept until its type is known: the type decides the name.
            help = line
                .strip_prefix("# HELP ")
                .and_then(|of| of.split_once(' '));
        } else if let Some((name, kind)) = described(line) {
            let suffix = if kind == "counter" { "_total" } else { "" };
            let help = help.take().map_or("", |(_, help)| help);
            text.push_str(&format!("# HELP {name}{suffix} {help}\n"));
            text.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn described(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("# TYPE ")?.split_once(' ')
}

#[cfg(test)]
mod tests {
    #[test]
    fn counters_are_described_by_the_names_of_their_samples() {
        let open_metrics = "# HELP a_seconds How long\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n\
                            a_seconds{b=\"# TYPE\"} 1.0\n# HELP c How often\n# TYPE c counter\nc_total 2\n# EOF\n";
        let classic = "# HELP a_seconds How long\n# TYPE a_seconds gauge\na_seconds{b=\"# TYPE\"} 1.0\n\
                       # HELP c_total How often\n# TYPE c_total counter\nc_total 2\n";
        assert_eq!(super::of(open_metrics), classic);
    }
}

//! What the storms came to: a table for people, and JSON.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Map, Value, json};

/// Figures by storm, in the order in which they were found.
#[derive(Debug)]
pub(super) struct Findings {
    machine: String,
    plan: String,
    figures: Vec<(&'static str, &'static str, Value)>,
}

impl Findings {
    pub(super) const fn new(machine: String, plan: String) -> Self {
        Self {
            machine,
            plan,
            figures: Vec::new(),
        }
    }

    /// Adds a figure.
    pub(super) fn add(
        &mut self,
        storm: &'static str,
        figure: &'static str,
        value: impl Into<Value>,
    ) {
        self.figures.push((storm, figure, value.into()));
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_header(["storm", "figure", "value"]);
        let mut last = "";
        for (storm, figure, value) in &self.figures {
            // A storm's name stands at its first figure only.
            let name = if *storm == last { "" } else { storm };
            last = storm;
            table.add_row([name.to_owned(), (*figure).to_owned(), text(value)]);
        }
        if let Some(column) = table.column_mut(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{}\n{}\n{table}", self.machine, self.plan)
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let mut storms = Map::new();
        for (storm, figure, value) in &self.figures {
            let storm = storms.entry(*storm).or_insert_with(|| json!({}));
            storm[*figure] = value.clone();
        }
        json!({"machine": self.machine, "processors": self.plan, "storms": storms})
    }
}

/// A number as people read it.
fn text(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if !value.is_u64() => format!("{number:.2}"),
        Some(_) | None => value.to_string().trim_matches('"').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_storm_in_both_forms() {
        let mut findings = Findings::new("machine".to_owned(), "plan".to_owned());
        findings.add("due", "renewals", 10);
        findings.add("due", "p99 ratio", 1.234);
        findings.add("idle", "accounts", 5);
        let storms = &findings.json()["storms"];
        assert_eq!(storms["due"]["renewals"], 10);
        assert_eq!(storms["idle"], json!({"accounts": 5}));
        let table = findings.table();
        assert_eq!(table.matches("due").count(), 1, "{table}");
        assert!(
            table.contains("1.23 ") && table.contains("│ idle"),
            "{table}"
        );
    }
}

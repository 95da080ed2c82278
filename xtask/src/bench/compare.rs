//! `cargo xtask bench compare`: the working tree against another commit. Both are built alike and alternate in one run,
//! because figures of different hours of a machine cannot be compared.

mod checkout;

use super::{
    Run, Session,
    forms::{Choice, Form},
    peers::Peers,
    programs,
    report::results::{Figure, Run as Found},
};
use crate::{say, shipped};
use anyhow::{Context as _, Result};
use checkout::Checkout;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Args)]
#[command(after_help = "Examples:
  cargo xtask bench compare HEAD
  cargo xtask bench compare v0.1.0 -- --rounds 7
  cargo xtask bench compare main --quick --only shop,get -- --rounds 9 --seconds 2")]
pub(super) struct Compare {
    /// A commit, branch or tag, such as HEAD: what the working tree was before its changes.
    revision: String,
    #[command(flatten)]
    forms: Choice,
    #[command(flatten)]
    run: Run,
}

/// The gateway of the other commit, with a plugin that it loads.
struct Other {
    waybill: PathBuf,
    plugin: PathBuf,
}

impl Compare {
    pub(super) fn run(self) -> Result<()> {
        // First: whoever mistyped a name should know before minutes of building.
        let commit = checkout::commit(&self.revision)?;
        let other = Other::build(&commit, self.run.quick)
            .with_context(|| format!("{} cannot be built", self.revision))?;
        let what = format!("compare {}", self.revision);
        let session = Session::begin(self.run, &what, Peers::default())?;
        let mut table = table(&self.revision);
        for form in self.forms.forms() {
            let file = session.file(&format!("compare-{}", form.name), "json");
            session.load("gateway", &file, &options(&other, form)?)?;
            table.add_row(row(form, &Found::read(&file)?)?);
        }
        say::line(format!(
            "{table}\nus CPU/request: user and system time, the median of the rounds. Ratio: the working tree's over that \
             of {} in the same round; below 1 the working tree is cheaper",
            self.revision
        ));
        Ok(())
    }
}

impl Other {
    /// Builds a commit, and keeps of it what is measured.
    fn build(commit: &str, quick: bool) -> Result<Self> {
        let checkout = Checkout::new(commit)?;
        let built = if quick {
            // Not the target folder of the working tree: cargo takes crates of the same name for the same, so each
            // build would undo the other.
            programs::quick_build_of(checkout.folder(), &checkout::folder().join("build"))
        } else {
            shipped::build_of(checkout.folder())
        }?;
        // The next build writes its programs over these.
        let keep = |file: &Path, name: &str| -> Result<PathBuf> {
            let kept = checkout::folder().join(name);
            fs::copy(file, &kept).with_context(|| kept.display().to_string())?;
            Ok(kept)
        };
        Ok(Self {
            waybill: keep(&built.waybill, "waybill")?,
            plugin: keep(&built.ups_plugin, "ups.so")?,
        })
    }
}

/// The options of a form, with the other build. Both builds load the other commit's plugin: an older plugin loads in a
/// newer gateway, and perhaps not the other way round.
fn options<'a>(other: &'a Other, form: &'a Form) -> Result<Vec<&'a str>> {
    let text = |path: &'a Path| path.to_str().context("a path that is not text");
    let other = [
        "--waybill",
        text(&other.waybill)?,
        "--plugin",
        text(&other.plugin)?,
        "--closed-only",
    ];
    Ok([form.options, &other].concat())
}

fn table(revision: &str) -> Table {
    let mut table = Table::new();
    let columns = [
        "form",
        &format!("{revision}: us CPU/request"),
        "working tree: us CPU/request",
        "ratio (least to most)",
        "ratio of each round",
    ];
    table.load_style(UTF8_FULL_CONDENSED).set_header(columns);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row(form: &Form, run: &Found) -> Result<[String; 5]> {
    let mut builds = run.candidates();
    let (tree, other) = builds.next().zip(builds.next()).context("two builds")?;
    let cpu = |figure: Option<Figure>| anyhow::Ok(figure.context("no figure")?.median);
    let ratio = other.ratio().context("no ratio")?;
    let rounds = ratio.rounds.iter().map(|ratio| format!("{ratio:.2}"));
    Ok([
        form.name.to_owned(),
        format!("{:.1}", cpu(other.cpu("closed"))?),
        format!("{:.1}", cpu(tree.cpu("closed"))?),
        format!(
            "{:.3} ({:.2} to {:.2})",
            ratio.median, ratio.least, ratio.most
        ),
        rounds.collect::<Vec<_>>().join(" "),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn row_has_both_builds_and_the_ratio_of_each_round() {
        let figure = |median: f64| json!({"median": median, "least": 0.9, "most": 1.25, "rounds": [0.9, median, 1.25]});
        let build = |us: f64, ratio: f64| json!({"name": "waybill", "ratio": figure(ratio), "shapes": {"closed": {"cpu_us_per_request": figure(us)}}});
        let json = json!({"candidates": [build(20.0, 1.0), build(25.0, 0.8)]});
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), json.to_string()).unwrap();
        let form = Choice::default().forms().next().unwrap();
        let row = row(form, &Found::read(file.path()).unwrap()).unwrap();
        let expected = [
            "plain-1",
            "25.0",
            "20.0",
            "0.800 (0.90 to 1.25)",
            "0.90 0.80 1.25",
        ];
        assert_eq!(row, expected);
    }
}

//! The README and the pages in `docs` are run as they are: `docs/style.md` says what becomes of each kind of
//! block. The walk-throughs have tests of their own, because a person takes part in them.

mod blocks;
mod mentions;
mod session;
mod snippets;

use crate::packages::packages;
use blocks::{Block, blocks, pages};
use session::Session;
use std::collections::BTreeSet;

/// The pages whose `sh` blocks are run, and what is there before the first one. A page that is missing here fails
/// [`every_page_with_commands_is_run`].
const RUN: [(&str, Setting); 16] = [
    ("README.md", Setting::Newcomer),
    ("docs/admin-api.md", Setting::Serving(&[])),
    ("docs/apps.md", Setting::Serving(&["main", "returns"])),
    ("docs/cli.md", Setting::Serving(&[])),
    ("docs/install.md", Setting::Packages),
    ("docs/mock-ups.md", Setting::Programs),
    ("docs/observability.md", Setting::Serving(&[])),
    ("docs/plugin-host.md", Setting::Programs),
    ("docs/plugins.md", Setting::Author),
    ("docs/reload.md", Setting::Serving(&[])),
    ("docs/store.md", Setting::Serving(&[])),
    ("docs/web-ui.md", Setting::Serving(&[])),
    ("docs/tutorials/administrator.md", Setting::Newcomer),
    ("docs/tutorials/performance-engineer.md", Setting::Newcomer),
    ("docs/tutorials/shop-developer.md", Setting::Newcomer),
    ("docs/tutorials/test-author.md", Setting::Programs),
];

/// What is there before the first command of a page.
#[derive(Clone, Copy, Debug)]
enum Setting {
    /// The programs, the plugin, and the page's own `waybill.toml`.
    Newcomer,
    /// A mock, a gateway with these accounts, and the files that the pages name.
    Serving(&'static [&'static str]),
    /// The programs.
    Programs,
    /// The packages of this build.
    Packages,
    /// An installed package, with what authors of plugins need.
    Author,
}

async fn run(page: &str) {
    let (index, (_, setting)) = (RUN.iter().enumerate())
        .find(|(_, (name, _))| *name == page)
        .expect("the page is in the table");
    let blocks: Vec<Block> = blocks().into_iter().filter(|b| b.page == page).collect();
    if session::is_possible(page) {
        let session = Session::new(index, *setting, &blocks);
        if matches!(setting, Setting::Packages) {
            session.put_down(packages().await);
        }
        session.run(&blocks).await;
    }
}

#[tokio::test]
async fn commands_of_the_readme() {
    run("README.md").await;
}

#[tokio::test]
async fn commands_of_the_admin_api() {
    run("docs/admin-api.md").await;
}

#[tokio::test]
async fn commands_about_apps() {
    run("docs/apps.md").await;
}

#[tokio::test]
async fn commands_of_the_command_line() {
    run("docs/cli.md").await;
}

#[tokio::test]
async fn commands_of_the_installation() {
    run("docs/install.md").await;
}

#[tokio::test]
async fn commands_of_the_mock() {
    run("docs/mock-ups.md").await;
}

#[tokio::test]
async fn commands_about_observability() {
    run("docs/observability.md").await;
}

#[tokio::test]
async fn commands_of_the_plugin_host() {
    run("docs/plugin-host.md").await;
}

#[tokio::test]
async fn commands_for_plugin_authors() {
    run("docs/plugins.md").await;
}

#[tokio::test]
async fn commands_of_a_reload() {
    run("docs/reload.md").await;
}

#[tokio::test]
async fn commands_of_the_store() {
    run("docs/store.md").await;
}

#[tokio::test]
async fn commands_of_the_web_interface() {
    run("docs/web-ui.md").await;
}

#[tokio::test]
async fn tutorial_for_administrators() {
    run("docs/tutorials/administrator.md").await;
}

#[tokio::test]
async fn tutorial_for_performance_engineers() {
    run("docs/tutorials/performance-engineer.md").await;
}

#[tokio::test]
async fn tutorial_for_shop_developers() {
    run("docs/tutorials/shop-developer.md").await;
}

#[tokio::test]
async fn tutorial_for_test_authors() {
    run("docs/tutorials/test-author.md").await;
}

#[test]
fn every_page_with_commands_is_run() {
    let run: BTreeSet<&str> = RUN.iter().map(|(page, _)| *page).collect();
    for block in blocks().iter().filter(|b| b.kind == "sh") {
        let known = run.contains(block.page.as_str()) || block.not_run().is_some();
        assert!(known, "{}: no test runs this page", block.place());
    }
    let this = include_str!("docs.rs");
    for page in run {
        assert!(this.contains(&format!("run(\"{page}\").await")), "{page}");
    }
}

/// A kind of block that no test knows would drift unseen.
#[test]
fn every_block_has_a_kind_that_is_tested() {
    const KINDS: [&str; 11] = [
        "sh", "toml", "json", "yaml", "csv", "ini", // run or parsed
        "text", "rust", "python", "sql", "console", // read by people only
    ];
    for block in blocks() {
        let known = KINDS.contains(&block.kind.as_str());
        assert!(known, "{}: a block of {:?}", block.place(), block.kind);
    }
}

#[test]
fn pages_are_found() {
    let pages = pages();
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"README.md") && names.contains(&"docs/apps.md"),
        "{names:?}"
    );
}

//! The fenced blocks of the pages.

use std::fs;
use tests::root;

/// How a block says that it is not run; the reason follows.
pub(super) const NOT_RUN: &str = "# Not run by the tests: ";

#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its path in the tree.
    pub(super) page: String,
    /// The line of its opening fence.
    pub(super) line: usize,
    /// What stands after the fence: `sh`, `toml`.
    pub(super) kind: String,
    pub(super) text: String,
}

impl Block {
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    /// Why it is not run, if it says so.
    pub(super) fn not_run(&self) -> Option<&str> {
        let reason = self.text.lines().next()?.strip_prefix(NOT_RUN)?;
        assert!(
            reason.ends_with('.') && reason.len() > 10,
            "{}: no reason",
            self.place()
        );
        Some(reason)
    }
}

/// The README, its neighbours, `docs` and the tutorials, without the walk-throughs: path and text.
pub(super) fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for folder in ["", "docs/", "docs/tutorials/"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let name = entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text");
            if name.ends_with(".md") {
                let path = format!("{folder}{name}");
                let text = fs::read_to_string(root().join(&path)).expect("a page is text");
                pages.push((path, text));
            }
        }
    }
    pages.sort();
    pages
}

/// All fenced blocks of all pages, in order.
pub(super) fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (page, text) in pages() {
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let Some(kind) = line.trim_start().strip_prefix("```") else {
                continue;
            };
            let inside = lines.by_ref().map(|(_, line)| line);
            let body: Vec<&str> = inside.take_while(|line| line.trim() != "```").collect();
            blocks.push(Block {
                page: page.clone(),
                line: at + 1,
                kind: kind.to_owned(),
                text: body.join("\n"),
            });
        }
    }
    blocks
}

/// The text of a page outside its blocks.
pub(super) fn prose(text: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

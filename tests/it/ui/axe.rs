//! The accessibility rules of axe-core, from npm, pinned in `tests/clients/axe`.

use crate::installed::{folder, install, npm, sources};
use std::fs;
use tests::{Browser, skipped};

/// The rules as a script, or nothing where they cannot be had.
pub(super) struct Axe(Option<String>);

impl Axe {
    pub(super) async fn get() -> Self {
        // One test at a time: two would install into one folder.
        static INSTALLING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _one = INSTALLING.lock().await;
        let folder = folder("axe");
        for file in ["package.json", "package-lock.json"] {
            let copied = fs::copy(sources().join("axe").join(file), folder.join(file));
            copied.expect("the target folder is ours");
        }
        if let Err(why) = install(&folder, "axe/package-lock.json", vec![npm()]).await {
            skipped("the pages by the rules of axe-core", &why);
            return Self(None);
        }
        let script = folder.join("node_modules/axe-core/axe.min.js");
        Self(Some(fs::read_to_string(script).expect("it was installed")))
    }

    /// Without rules: a page is looked at for something else.
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// What the page breaks: a line for each rule and element.
    pub(super) async fn findings(&self, browser: &Browser, rules: Rules) -> Vec<String> {
        let Some(script) = &self.0 else {
            return Vec::new();
        };
        // Half a megabyte, so once for each page and not for each look at it.
        if browser.run("return !window.axe").await == true {
            browser.run(script).await;
        }
        let options = rules.options();
        // Colours fade when the theme changes, and only those at the end are meant.
        let run = format!(
            "const done = arguments[arguments.length - 1];\n\
             for (const it of document.getAnimations()) it.finish();\n\
             axe.run(document, {options}).then(\n\
             (found) => done(found.violations.flatMap((rule) => rule.nodes.map(\n\
             (node) => `${{rule.id}}: ${{node.html.slice(0, 120)}} ${{node.failureSummary}}`))),\n\
             (error) => done([`axe-core failed: ${{error}}`]));"
        );
        let found = browser.run_async(&run).await;
        let found = found.as_array().expect("a list").iter();
        found
            .map(|it| it.as_str().expect("text").to_owned())
            .collect()
    }
}

/// Which rules a page is examined by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rules {
    /// All of them, so contrast by WCAG AA as well.
    All,
    /// What another theme can break: contrast.
    Colours,
    /// What another width can break: all but contrast, which costs the most by far.
    Layout,
}

impl Rules {
    /// The second look at a page that was examined by all rules.
    pub(super) fn again(self) -> Self {
        if tests_kit::is_full() {
            Self::All
        } else {
            self
        }
    }

    const fn options(self) -> &'static str {
        match self {
            // Only what a page breaks comes back: the browser need not describe what is right.
            Self::All => "{ resultTypes: ['violations'] }",
            Self::Colours => "{ resultTypes: ['violations'], runOnly: ['color-contrast'] }",
            Self::Layout => {
                "{ resultTypes: ['violations'], rules: { 'color-contrast': { enabled: false } } }"
            }
        }
    }
}

//! The files of a new plugin. In C they are those of `examples/acme-c`, which the tests build.

use std::path::Path;

/// What a template leaves open.
pub(super) struct Names {
    /// `north-post`.
    name: String,
    /// `north_post`.
    ident: String,
    /// `NorthPost`.
    type_name: String,
    sdk: String,
}

impl Names {
    pub(super) fn of(name: &str, sdk: &Path) -> Self {
        let words = name.split('-').map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        });
        Self {
            name: name.to_owned(),
            ident: name.replace('-', "_"),
            type_name: words.collect(),
            sdk: sdk.display().to_string(),
        }
    }

    fn fill(&self, template: &str) -> String {
        template
            .replace("{{name}}", &self.name)
            .replace("{{ident}}", &self.ident)
            .replace("{{Type}}", &self.type_name)
            .replace("{{sdk}}", &self.sdk)
    }

    /// The sample's text with this name in place of the sample's.
    fn rename(&self, sample: &str) -> String {
        sample
            .replace("acme", &self.name)
            .replace("Acme", &self.type_name)
    }
}

macro_rules! rust_template {
    ($file:literal) => {
        include_str!(concat!("../../../templates/rust/", $file))
    };
}

macro_rules! c_sample {
    ($file:literal) => {
        include_str!(concat!("../../../../../../examples/acme-c/", $file))
    };
}

pub(super) fn rust(names: &Names) -> Vec<(&'static str, String)> {
    [
        ("Cargo.toml", rust_template!("Cargo.toml.in")),
        ("manifest.json", rust_template!("manifest.json.in")),
        ("src/lib.rs", rust_template!("lib.rs.in")),
        ("tests/authorize.rs", rust_template!("authorize.rs.in")),
        ("dylib/Cargo.toml", rust_template!("dylib-Cargo.toml.in")),
        ("dylib/src/lib.rs", rust_template!("dylib.rs.in")),
        ("Makefile", rust_template!("Makefile.in")),
        ("README.md", rust_template!("README.md.in")),
        (".gitignore", rust_template!("gitignore.in")),
    ]
    .map(|(path, template)| (path, names.fill(template)))
    .into()
}

pub(super) fn c(names: &Names) -> Vec<(&'static str, String)> {
    // The sample finds the header beside it in this repository, a new plugin finds it in the SDK.
    let header = format!("{}/plugins/abi/include", names.sdk);
    [
        ("plugin.c", c_sample!("plugin.c")),
        ("json.h", c_sample!("json.h")),
        ("test.c", c_sample!("test.c")),
        ("Makefile", c_sample!("Makefile")),
        ("README.md", c_sample!("README.md")),
        (".gitignore", c_sample!(".gitignore")),
    ]
    .map(|(path, sample)| {
        // The path last, for it may hold the sample's name.
        let text = names
            .rename(sample)
            .replace("../../plugins/abi/include", &header);
        (path, text)
    })
    .into()
}

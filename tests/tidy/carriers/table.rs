//! The table of all carriers.

use super::page::text;
use serde_json::Value;
use std::fmt::Write as _;

/// The page with the table.
pub(super) fn of(manifests: &[(String, Value)]) -> String {
    let mut page = String::from(
        "# Carriers\n\nEach carrier is a plugin. The pages are made from the manifests of the plugins. \
         [plugins.md](../plugins.md) says how to write one for another carrier. `mock-carrier --carrier NAME` runs a \
         stand-in of a carrier's token endpoint and one API call, for development without credentials.\n\n\
         | Carrier | Grant | Lifetime of a token | Fields on API calls | Quota | Environments | Guesses |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (folder, manifest) in manifests {
        let about = &manifest["about"];
        let guesses = about["guesses"].as_array().into_iter().flatten();
        let guesses: Vec<String> = guesses.map(text).collect();
        let environments = manifest["environments"].as_object().into_iter().flatten();
        let environments: Vec<String> = environments
            .map(|(name, environment)| {
                let path = text(&environment["path"]);
                format!("{name} `{}{path}`", text(&environment["origin"]))
            })
            .collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            page,
            "| [{}]({folder}.md) | {} | {} | {} | {} | {} | {} |",
            text(&manifest["carrier"]["display_name"]),
            text(&about["grant"]),
            text(&about["lifetime"]),
            text(&about["header"]),
            text(&about["quota"]),
            environments.join(", "),
            guesses.join("; "),
        );
    }
    page
}

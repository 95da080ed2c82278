//! The OpenAPI documents of the admin API and of the mock's control API, as their listeners publish them,
//! pass the rules that Redocly recommends. Its linter comes from npm, pinned in `tests/clients/redocly`.

use crate::installed::{folder, install, npm, sources};
use std::{env, fs, path::PathBuf, process::Command};
use tests::{Client, World, run_command, skipped};

/// Set by CI: without the linter the test fails.
const REQUIRED: &str = "WAYBILL_REQUIRE_OPENAPI_RULES";

/// The linter's folder.
async fn linter() -> Option<PathBuf> {
    let folder = folder("redocly");
    for file in ["package.json", "package-lock.json", "redocly.yaml"] {
        let copied = fs::copy(sources().join("redocly").join(file), folder.join(file));
        copied.expect("the target folder is ours");
    }
    let mut npm = npm();
    // An older Node.js would fail in the linter, and look like a fault of the documents.
    npm.arg("--engine-strict");
    if let Err(why) = install(&folder, "redocly/package-lock.json", vec![npm]).await {
        assert!(env::var_os(REQUIRED).is_none(), "Redocly's linter: {why}");
        skipped("the OpenAPI documents by Redocly's rules", &why);
        return None;
    }
    Some(folder)
}

#[tokio::test]
async fn openapi_documents_pass_the_recommended_rules() {
    let Some(folder) = linter().await else {
        return;
    };
    let world = World::start().await;
    let mock = world.mock.base_url();
    let mock = mock.strip_prefix("http://").unwrap().parse().unwrap();
    let documents = [
        ("admin.json", world.admin.get("/openapi.json").await),
        (
            "mock.json",
            Client::new(mock).get("/__mock/openapi.json").await,
        ),
    ];
    for (name, document) in documents {
        fs::write(folder.join(name), document.text()).unwrap();
        let mut lint = Command::new("node_modules/.bin/redocly");
        lint.args(["lint", "--format=stylish", name])
            .current_dir(&folder)
            // It asks for a newer version and reports its use otherwise.
            .envs([
                ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
                ("REDOCLY_TELEMETRY", "off"),
                ("CI", "true"),
            ]);
        let done = run_command(lint).await;
        assert_eq!(done.code, Some(0), "{name}: {}{}", done.stdout, done.stderr);
    }
}

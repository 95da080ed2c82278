//! The documents in `docs/walkthroughs` are run as they are: each command, what it prints, and what a
//! person does in the browser. `docs/walkthroughs/README.md` says how to read their blocks.

mod document;
mod person;
mod reader;

use reader::Reader;

/// The desktop order software's story.
#[tokio::test]
async fn renewing_the_authorization_of_existing_accounts() {
    Reader::follows("reauthorize.md").await;
}

/// The carrier's own story.
#[tokio::test]
async fn opting_in() {
    Reader::follows("opt-in.md").await;
}

/// The web shipping client's story.
#[tokio::test]
async fn adding_an_account() {
    Reader::follows("new-account.md").await;
}

/// The label service's story.
#[tokio::test]
async fn signing_in_as_the_wrong_user() {
    Reader::follows("wrong-login.md").await;
}

/// The ERP shipping centre's story.
#[tokio::test]
async fn test_and_production_side_by_side() {
    Reader::follows("test-and-production.md").await;
}

/// A document that no test follows would drift.
#[test]
fn every_walkthrough_is_followed() {
    let folder = tests::root().join("docs/walkthroughs");
    let this = include_str!("walkthroughs.rs");
    for file in std::fs::read_dir(folder).expect("the folder is there") {
        let name = file
            .expect("a file")
            .file_name()
            .into_string()
            .expect("text");
        if name.ends_with(".md") && name != "README.md" {
            assert!(this.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}

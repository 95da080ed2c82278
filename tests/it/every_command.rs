//! Every command once for people and once for programs, with the exit codes that the documentation
//! promises.

use serde_json::Value;
use std::collections::BTreeSet;
use tests::{World, root};

const STORE: &str = "[store]\nurl = \"sqlite://waybill.db\"\n";

/// What a command shows this once, and nothing else ever does.
const SHOWN_ONCE: [&str; 4] = ["app add", "app rotate", "admin-token add", "invitation add"];

/// A command line, the exit code, and whether it reads a client secret from standard input. `#` is
/// another number each time.
const COMMANDS: [(&str, i32); 76] = [
    ("check-config", 0),
    ("plugin list", 0),
    ("plugin lock --yes", 0),
    ("plugin lock usps --yes", 2),
    ("plugin verify", 0),
    // A program beside no package has no SDK; `plugin_author.rs` has one.
    ("plugin new made#", 2),
    ("plugin status", 0),
    ("plugin reload", 0),
    ("plugin reload ups", 0),
    ("plugin reload usps", 5),
    // The lock let the reload move the plugin into the gateway's own process; this moves it back.
    ("plugin rollback ups", 0),
    ("plugin rollback usps", 5),
    ("plugin check plugins/ups.so", 0),
    ("reload --dry-run", 0),
    ("reload", 0),
    ("status", 0),
    ("replicas", 0),
    ("config", 0),
    ("config limits", 0),
    ("config nothing", 2),
    (
        "account add id# --env test --number A1B2C3 --client-id mock-client --secret-stdin",
        0,
    ),
    (
        "account add person# --env test --number A1B2C3 --client-id mock-client --secret-stdin \
         --grant authorization-code",
        0,
    ),
    (
        "account add id# --env test --client-id mock-client --secret-stdin",
        5,
    ),
    (
        "account add more# --env moon --client-id mock-client --secret-stdin",
        2,
    ),
    ("account list", 0),
    ("account show id#", 0),
    ("account show nobody", 5),
    ("account authorize person# --no-wait", 0),
    ("account authorize id#", 5),
    ("account paste person#", 5),
    ("invitation add person# --days 3", 0),
    ("invitation add person# --login", 0),
    ("invitation add person# id#", 5),
    ("invitation add id#", 5),
    ("invitation list", 0),
    ("invitation revoke nobody", 5),
    ("account probe id#", 0),
    ("account probe person#", 5),
    ("account set-default id#", 0),
    ("account deactivate id#", 0),
    ("account activate id#", 0),
    ("account rotate-secret id# --secret-stdin", 0),
    ("account configure id#", 2),
    // The plugin of this carrier has no settings.
    ("account configure id# --setting child_key=text", 5),
    ("token show id#", 0),
    ("token renew id#", 0),
    ("token renew person#", 5),
    ("app add app# --account id# --with-key", 0),
    ("app list", 0),
    ("app set app# --default id# --rate 5", 0),
    ("app set app#", 2),
    ("app rotate app#", 0),
    ("app remove app#", 2),
    ("app remove app# --yes", 0),
    ("admin-token add token# --role read-only", 0),
    ("admin-token list", 0),
    ("admin-token remove token# --yes", 0),
    ("doctor id#", 0),
    ("doctor person#", 2),
    ("notices", 0),
    ("requests", 0),
    ("requests --failed --app nobody --account id#", 0),
    ("requests 00000000000000000000000000000000", 5),
    ("audit --limit 500", 0),
    ("account remove id#", 2),
    ("account remove id# --yes", 0),
    ("key rotate --to new#.key", 0),
    ("key recipient --key-file new#.key", 0),
    ("store create", 5),
    ("backup backup#.wb --passphrase-file passphrase", 0),
    (
        "migrate plan list.csv --client-id mock-client --secret-stdin",
        0,
    ),
    (
        "migrate run list.csv --client-id mock-client --secret-stdin",
        0,
    ),
    ("migrate status", 0),
    ("migrate undo --yes", 0),
    (
        "restore backup#.wb --passphrase-file passphrase --replace --yes",
        5,
    ),
    ("status --url http://127.0.0.1:1", 4),
];

/// What all commands wrote.
#[derive(Default)]
pub(crate) struct Said {
    /// Without the answers that show a secret this once.
    pub(crate) text: String,
    /// Those secrets.
    pub(crate) shown_once: Vec<String>,
}

/// Runs all of them in both ways.
pub(crate) async fn say_everything(world: &World, secret: &str, passphrase: &str) -> Said {
    let folder = world.gateway.process.folder();
    let put = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("the test owns the folder");
    };
    put("passphrase", passphrase);
    put(
        "list.csv",
        "name,account_number,environment\nBranch,D4E5F6,test\n",
    );
    let mut said = Said::default();
    for (number, json) in [("1", false), ("2", true)] {
        for (line, code) in COMMANDS {
            let line = line.replace('#', number);
            let mut args: Vec<&str> = line.split_whitespace().collect();
            if json {
                args.push("--json");
            }
            let done = world.gateway.waybill(secret, &args).await;
            let both = format!("$ waybill {line}\n{}{}", done.stdout, done.stderr);
            assert_eq!(done.code, Some(code), "{both}");
            if json && code == 0 {
                let whole = serde_json::from_str::<Value>(&done.stdout);
                assert!(whole.is_ok(), "standard output is not JSON: {both}");
                assert!(done.stderr.is_empty(), "{both}");
            } else if code == 0 {
                assert!(!done.stdout.starts_with(['{', '[']), "{both}");
            } else {
                assert!(!done.stderr.is_empty() || code < 3, "{both}");
            }
            if SHOWN_ONCE.iter().any(|command| line.starts_with(command)) {
                let words = done.stdout.split(|c: char| c.is_whitespace() || c == '"');
                said.shown_once
                    .extend(words.filter(|word| word.len() > 40).map(str::to_owned));
            } else {
                said.text.push_str(&both);
            }
        }
    }
    said
}

#[tokio::test]
async fn every_command_speaks_to_people_and_programs() {
    let world = World::builder().more(STORE).start().await;
    let said = say_everything(&world, "mock-secret", "a long passphrase").await;
    // An app's secret and key, both again when they are replaced, an admin token, two links; all of it twice.
    assert_eq!(said.shown_once.len(), 14, "{:?}", said.shown_once);
    let said = said.text;
    // Letter by letter: it has to be registered at the carrier so.
    let redirect = format!("http://{}/oauth/callback", world.gateway.admin);
    let line = format!("\n  {redirect}\n");
    assert!(said.contains(&line), "{said}");
    assert!(
        said.contains(&format!("\"redirect_uri\": \"{redirect}\"")),
        "{said}"
    );
}

/// A command that is documented but not run here would be one that nobody tried.
#[test]
fn every_documented_command_is_run() {
    let words = |line: &str| {
        let words = line.split_whitespace().take_while(|word| {
            word.starts_with(|c: char| c.is_ascii_lowercase()) && !word.contains(['.', '#'])
        });
        words.take(2).collect::<Vec<_>>().join(" ")
    };
    let run: BTreeSet<String> = COMMANDS.iter().map(|(line, _)| words(line)).collect();
    let text = std::fs::read_to_string(root().join("docs/cli.md")).expect("it is there");
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `waybill "));
    let documented = rows.filter_map(|row| row.split_once('`'));
    for (command, _) in documented {
        let command = words(command);
        // These need no gateway and have tests of their own.
        if !matches!(command.as_str(), "serve" | "completions" | "man") {
            assert!(run.contains(&command), "{command}");
        }
    }
}

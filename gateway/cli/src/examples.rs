//! Examples at the end of a command's help.

use clap::Command;

/// The command, and lines that a person may type.
pub(crate) const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "serve",
        &[
            "waybill serve --config /etc/waybill/waybill.toml",
            "waybill serve --take-over",
        ],
    ),
    (
        "check-config",
        &[
            "waybill check-config --config /etc/waybill/waybill.toml",
            "waybill check-config --schema",
        ],
    ),
    ("config", &["waybill config", "waybill config limits"]),
    ("reload", &["waybill reload --dry-run", "waybill reload"]),
    (
        "plugin list",
        &[
            "waybill plugin list",
            "waybill plugin list --dir /usr/lib/waybill/plugins",
        ],
    ),
    (
        "plugin new",
        &[
            "waybill plugin new acme",
            "waybill plugin new acme --lang c --dir acme-plugin",
        ],
    ),
    (
        "plugin lock",
        &[
            "waybill plugin lock",
            "waybill plugin lock ups --dir /usr/lib/waybill/plugins",
        ],
    ),
    (
        "plugin verify",
        &["waybill plugin verify --dir /usr/lib/waybill/plugins"],
    ),
    (
        "plugin check",
        &[
            "waybill plugin check target/release/libacme.so",
            "waybill plugin check acme.so --config acme.json --strict",
        ],
    ),
    ("plugin status", &["waybill plugin status"]),
    (
        "plugin reload",
        &["waybill plugin reload", "waybill plugin reload ups"],
    ),
    ("plugin rollback", &["waybill plugin rollback ups"]),
    (
        "account add",
        &[
            "waybill account add main --env production --number A1B2C3 --client-id the-id --secret-file ups.secret",
            "waybill account add shop --env production --number A1B2C3 --grant authorization-code --client-id the-id --secret-stdin",
        ],
    ),
    (
        "account list",
        &["waybill account list", "waybill account list --json"],
    ),
    ("account show", &["waybill account show main"]),
    (
        "account authorize",
        &[
            "waybill account authorize shop",
            "waybill account authorize shop --no-open",
        ],
    ),
    (
        "account paste",
        &[
            "waybill account paste shop",
            "waybill account paste shop < address.txt",
        ],
    ),
    ("account probe", &["waybill account probe main"]),
    ("account set-default", &["waybill account set-default main"]),
    ("account activate", &["waybill account activate main"]),
    ("account deactivate", &["waybill account deactivate main"]),
    (
        "account remove",
        &[
            "waybill account remove main",
            "waybill account remove main --yes",
        ],
    ),
    (
        "account configure",
        &[
            "waybill account configure labels --setting region=eu",
            "waybill account configure labels --secret-setting child_key=key.secret",
        ],
    ),
    (
        "account rotate-secret",
        &["waybill account rotate-secret main --secret-file new.secret"],
    ),
    (
        "invitation add",
        &[
            "waybill invitation add shop --days 3",
            "waybill invitation add shop shop-test",
        ],
    ),
    ("invitation list", &["waybill invitation list"]),
    (
        "invitation revoke",
        &["waybill invitation revoke 0123456789abcdef"],
    ),
    ("token show", &["waybill token show main"]),
    ("token renew", &["waybill token renew main"]),
    (
        "app add",
        &[
            "waybill app add shop --account main",
            "waybill app add labels --account main --with-key",
        ],
    ),
    ("app list", &["waybill app list"]),
    (
        "app set",
        &["waybill app set shop --account main,returns --rate 20"],
    ),
    (
        "app rotate",
        &["waybill app rotate shop", "waybill app rotate shop --key"],
    ),
    ("app remove", &["waybill app remove shop"]),
    ("doctor", &["waybill doctor", "waybill doctor main --json"]),
    (
        "status",
        &[
            "waybill status",
            "waybill status --url http://127.0.0.1:8081 --json",
        ],
    ),
    ("replicas", &["waybill replicas"]),
    ("notices", &["waybill notices"]),
    (
        "requests",
        &[
            "waybill requests --failed --app shop",
            "waybill requests --follow",
            "waybill requests 0123456789abcdef0123456789abcdef",
        ],
    ),
    ("audit", &["waybill audit --limit 500"]),
    (
        "store create",
        &["waybill store create --config /etc/waybill/waybill.toml"],
    ),
    (
        "backup",
        &[
            "waybill backup waybill.backup --passphrase-file passphrase",
            "waybill backup waybill.backup --key-file backup.key --offline",
        ],
    ),
    (
        "restore",
        &["waybill restore waybill.backup --passphrase-file passphrase"],
    ),
    ("key rotate", &["waybill key rotate --to new.key"]),
    (
        "key recipient",
        &["waybill key recipient --key-file backup.key"],
    ),
    (
        "admin-token add",
        &["waybill admin-token add monitoring --role read-only"],
    ),
    ("admin-token list", &["waybill admin-token list"]),
    (
        "admin-token remove",
        &["waybill admin-token remove monitoring"],
    ),
    (
        "migrate plan",
        &["waybill migrate plan accounts.csv --client-id the-id --secret-file ups.secret"],
    ),
    (
        "migrate run",
        &["waybill migrate run accounts.csv --client-id the-id --secret-file ups.secret"],
    ),
    ("migrate status", &["waybill migrate status"]),
    ("migrate undo", &["waybill migrate undo"]),
    (
        "completions",
        &["waybill completions bash > /usr/share/bash-completion/completions/waybill"],
    ),
    (
        "man",
        &[
            "waybill man | man --local-file -",
            "waybill man --dir /usr/share/man/man1",
        ],
    ),
];

/// What a person types first.
pub(crate) const FIRST: [&str; 4] = [
    "waybill check-config",
    "waybill serve",
    "waybill status",
    "waybill doctor",
];

/// Adds the examples to the help of their commands. `end` follows those of the whole program.
pub(crate) fn add(command: Command, end: &str) -> Command {
    let command = command.after_help(format!("{}\n\n{end}", help(&FIRST)));
    EXAMPLES.iter().fold(command, |command, (path, lines)| {
        add_at(command, path, help(lines))
    })
}

fn help(lines: &[&str]) -> String {
    format!("Examples:\n  {}", lines.join("\n  "))
}

fn add_at(command: Command, path: &str, help: String) -> Command {
    match path.split_once(' ') {
        Some((first, rest)) => command.mut_subcommand(first, |inner| add_at(inner, rest, help)),
        None => command.mut_subcommand(path, |inner| inner.after_help(help)),
    }
}

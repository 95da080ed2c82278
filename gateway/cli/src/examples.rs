//! Examples at the end of a command's help.

use clap::Command;

/// The command, and lines that a person may type.
pub(crate) const EXAMPLES: [(&str, &[&str]); 15] = [
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
    ("reload", &["waybill reload --dry-run", "waybill reload"]),
    (
        "account add",
        &[
            "waybill account add main --env production --number A1B2C3 --client-id the-id --secret-file ups.secret",
            "waybill account add shop --env production --number A1B2C3 --grant authorization-code --client-id the-id \
             --secret-stdin",
        ],
    ),
    (
        "account authorize",
        &[
            "waybill account authorize shop",
            "waybill account authorize shop --no-open",
        ],
    ),
    (
        "account rotate-secret",
        &["waybill account rotate-secret main --secret-file new.secret"],
    ),
    (
        "app add",
        &[
            "waybill app add shop --account main",
            "waybill app add labels --account main --with-key",
        ],
    ),
    (
        "app set",
        &["waybill app set shop --account main,returns --rate 20"],
    ),
    (
        "requests",
        &[
            "waybill requests --failed --app shop",
            "waybill requests 0123456789abcdef0123456789abcdef",
        ],
    ),
    ("doctor", &["waybill doctor", "waybill doctor main --json"]),
    (
        "plugin lock",
        &[
            "waybill plugin lock",
            "waybill plugin lock ups --dir /usr/lib/waybill/plugins",
        ],
    ),
    (
        "backup",
        &["waybill backup waybill.backup --passphrase-file passphrase"],
    ),
    (
        "restore",
        &["waybill restore waybill.backup --passphrase-file passphrase"],
    ),
    (
        "migrate plan",
        &["waybill migrate plan accounts.csv --client-id the-id --secret-file ups.secret"],
    ),
    (
        "completions",
        &["waybill completions bash > /usr/share/bash-completion/completions/waybill"],
    ),
];

/// Adds the examples to the help of their commands.
pub(crate) fn add(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (path, lines)| {
        let help = format!("Examples:\n  {}", lines.join("\n  "));
        add_at(command, path, help)
    })
}

fn add_at(command: Command, path: &str, help: String) -> Command {
    match path.split_once(' ') {
        Some((first, rest)) => command.mut_subcommand(first, |inner| add_at(inner, rest, help)),
        None => command.mut_subcommand(path, |inner| inner.after_help(help)),
    }
}

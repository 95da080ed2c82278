//! What holds for every command.

use crate::{
    command::{Cli, EXIT_CODES},
    examples::{self, EXAMPLES, FIRST},
    remote,
};
use clap::{ArgAction, Command, CommandFactory as _};

/// Every command that can be typed: `account add`.
fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
    let mut inner = command
        .get_subcommands()
        // A hidden command is for the program itself.
        .filter(|c| c.get_name() != "help" && !c.is_hide_set())
        .peekable();
    if inner.peek().is_none() {
        found.push(path.trim().to_owned());
    }
    for command in inner {
        leaves(command, &format!("{path} {}", command.get_name()), found);
    }
}

fn every(command: &Command, visit: &mut impl FnMut(&Command)) {
    visit(command);
    for inner in command.get_subcommands() {
        every(inner, visit);
    }
}

#[test]
fn command_line_is_well_formed() {
    Cli::command().debug_assert();
}

/// What a person copies from the help must be accepted.
#[test]
fn examples_in_the_help_are_valid() {
    let first: (&str, &[&str]) = ("", &FIRST);
    for (path, lines) in EXAMPLES.iter().chain([&first]) {
        for line in *lines {
            assert!(line.starts_with(&format!("waybill {path}")), "{line}");
            // What stands behind these signs is the shell's.
            let typed = line.split(['>', '<', '|']).next().unwrap_or(line);
            let parsed = examples::add(Cli::command(), EXIT_CODES)
                .try_get_matches_from(typed.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}

#[test]
fn help_of_every_command_has_examples() {
    let mut commands = Vec::new();
    leaves(&Cli::command(), "", &mut commands);
    // The program itself, too.
    commands.push(String::new());
    let missing = commands.iter().filter(|path| {
        let mut command = examples::add(Cli::command(), EXIT_CODES);
        let mut inner = &mut command;
        for name in path.split_whitespace() {
            inner = inner.find_subcommand_mut(name).expect("a leaf is there");
        }
        let help = inner.render_long_help().to_string();
        !help.contains(&format!("Examples:\n  waybill {path}"))
    });
    let missing: Vec<&String> = missing.collect();
    assert!(missing.is_empty(), "no examples: {missing:?}");
}

#[test]
fn documentation_lists_every_command() {
    let doc = include_str!("../../../docs/cli.md");
    let mut commands = Vec::new();
    leaves(&Cli::command(), "", &mut commands);
    assert!(commands.len() > 30, "{commands:?}");
    let missing: Vec<&String> = commands
        .iter()
        .filter(|command| !doc.contains(&format!("`waybill {command}")))
        .collect();
    assert!(missing.is_empty(), "docs/cli.md does not list {missing:?}");
}

#[test]
fn documentation_lists_every_exit_code_and_variable() {
    let doc = include_str!("../../../docs/cli.md");
    for line in EXIT_CODES.lines().skip(1) {
        let code = line.split_whitespace().next().expect("a code");
        assert!(doc.contains(&format!("| {code} |")), "{code}");
    }
    every(&Cli::command(), &mut |command| {
        for variable in command.get_arguments().filter_map(|arg| arg.get_env()) {
            let name = variable.to_string_lossy();
            assert!(doc.contains(&format!("`{name}`")), "{name}");
        }
    });
    assert!(doc.contains(&format!("`{}`", remote::TOKEN_VARIABLE)));
}

/// Every user of a machine can see arguments, so no argument takes a secret.
#[test]
fn no_argument_takes_a_secret() {
    let mut seen = 0;
    every(&Cli::command(), &mut |command| {
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            let secret = ["secret", "passphrase", "token", "key", "password"];
            let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
            if takes_value && secret.iter().any(|word| id.contains(word)) {
                assert!(
                    id.ends_with("file") || id.ends_with("files"),
                    "{} {id}",
                    command.get_name()
                );
                seen += 1;
            }
        }
    });
    assert!(seen > 5, "the walk sees arguments: {seen}");
}

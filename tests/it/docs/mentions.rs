//! What the text mentions must exist: commands and their flags, keys of the configuration, variables.

use super::blocks::{blocks, pages, prose};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use tests::{programs, root, run};

/// Ends of file names, which look like keys: `admin.token`, `store.rs`.
const FILES: [&str; 7] = ["rs", "md", "toml", "key", "token", "db", "lock"];

/// A table that is no section: of the list that a migration reads.
const NO_SECTION: &str = "profile";

/// Inline code of a page's text.
fn code(text: &str) -> Vec<String> {
    let text = prose(text);
    let spans = text.split('`').skip(1).step_by(2);
    spans
        .map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// A command line without its arguments: the subcommands, and the flags.
fn parsed(line: &str) -> (Vec<String>, Vec<String>) {
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let words = line.split_whitespace().skip(1);
    let commands = words
        .clone()
        .take_while(plain)
        .take_while(|word| !word.starts_with('-'));
    let flags = words.filter_map(|word| word.trim_start_matches('[').strip_prefix("--"));
    let flag = |flag: &str| {
        flag.trim_end_matches([']', ',', '.'])
            .split('=')
            .next()
            .unwrap_or("")
            .to_owned()
    };
    (
        commands.map(str::to_owned).collect(),
        flags.map(flag).collect(),
    )
}

#[tokio::test]
async fn mentioned_commands_and_flags_exist() {
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for (page, text) in pages() {
        lines.extend(code(&text).into_iter().map(|line| (line, page.clone())));
    }
    for block in blocks()
        .iter()
        .filter(|b| b.kind == "sh" && b.not_run().is_some())
    {
        let joined = block.text.replace("\\\n", " ");
        lines.extend(joined.lines().map(|line| (line.to_owned(), block.place())));
    }
    let mut helps: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for (line, page) in lines {
        let (program, waybill) = match line.split(' ').next() {
            Some("waybill") => (&programs().waybill, true),
            Some("mock-ups") => (&programs().mock_ups, false),
            _ => continue,
        };
        let (commands, flags) = parsed(&line);
        let mut args = if waybill { commands } else { Vec::new() };
        args.push("--help".to_owned());
        let key: Vec<String> = [vec![waybill.to_string()], args.clone()].concat();
        if !helps.contains_key(&key) {
            let done = run(program, &args, root()).await;
            assert_eq!(done.code, Some(0), "{page}: `{line}`: {}", done.stderr);
            helps.insert(key.clone(), done.stdout);
        }
        for flag in flags {
            assert!(
                helps[&key].contains(&format!("--{flag}")),
                "{page}: `{line}` has no --{flag}"
            );
        }
    }
}

/// The sections of the configuration with their keys.
async fn sections() -> BTreeMap<String, BTreeSet<String>> {
    let done = run(&programs().waybill, &["check-config", "--schema"], root()).await;
    let schema: Value = serde_json::from_str(&done.stdout).expect("a schema is JSON");
    let mut sections = BTreeMap::new();
    collect("", &schema, &mut sections);
    assert!(
        sections.contains_key("tokens") && sections.contains_key("listen.tls"),
        "{sections:?}"
    );
    sections
}

fn collect(name: &str, schema: &Value, sections: &mut BTreeMap<String, BTreeSet<String>>) {
    let schema = schema.get("items").unwrap_or(schema);
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    if !name.is_empty() {
        sections.insert(name.to_owned(), properties.keys().cloned().collect());
    }
    for (key, value) in properties {
        let name = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        collect(&name, value, sections);
    }
}

#[tokio::test]
async fn mentioned_keys_of_the_configuration_exist() {
    let sections = sections().await;
    let name = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_lowercase() || c == '_' || c == '.')
    };
    for (page, text) in pages() {
        // The mock has files of its own.
        if page.starts_with("docs/mock-") {
            continue;
        }
        let spans = code(&text);
        for span in spans.iter().filter(|span| name(span)) {
            let Some((section, key)) = span.rsplit_once('.') else {
                continue;
            };
            if let (Some(keys), false) = (sections.get(section), FILES.contains(&key)) {
                assert!(keys.contains(key), "{page}: [{section}] has no {key}");
            }
        }
        let brackets = |span: &str| {
            span.trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned()
        };
        for span in spans
            .iter()
            .filter(|span| span.starts_with('[') && span.ends_with(']'))
        {
            let section = brackets(span);
            let known = sections.contains_key(&section) || section == NO_SECTION || !name(&section);
            assert!(known, "{page}: there is no section {span}");
        }
        // "`key` of `[section]`"
        let text = prose(&text)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for (before, after) in text
            .match_indices("` of `[")
            .map(|(at, _)| text.split_at(at))
        {
            let span = before.rsplit('`').next().unwrap_or_default();
            let key = span.split(' ').next().unwrap_or_default();
            let section = after["` of `".len()..]
                .split('`')
                .next()
                .unwrap_or_default();
            let keys = sections.get(&brackets(section));
            assert!(
                keys.is_some_and(|keys| keys.contains(key)),
                "{page}: {section} has no {key}"
            );
        }
    }
}

/// Each upper-case name that begins with `WAYBILL_`.
fn variables(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("WAYBILL_").map(|(at, _)| &text[at..]);
    let name = |text: &str| {
        let part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        text.chars().take_while(|c| part(*c)).collect::<String>()
    };
    starts
        .map(name)
        .filter(|name| !name.ends_with('_'))
        .collect()
}

#[tokio::test]
async fn mentioned_variables_exist() {
    let mut known = BTreeSet::new();
    for (section, keys) in sections().await {
        let path = |key: &String| {
            format!("WAYBILL_{section}_{key}")
                .replace('.', "_")
                .to_uppercase()
        };
        known.extend(keys.iter().map(path));
    }
    for folder in [
        "gateway",
        "plugins",
        "mock-carrier",
        "mock-ups",
        "tests",
        "benches",
        "examples",
        "xtask",
    ] {
        read(&root().join(folder), &mut known);
    }
    for (page, text) in pages() {
        for variable in variables(&text) {
            assert!(
                known.contains(&variable),
                "{page}: nothing reads {variable}"
            );
        }
    }
}

/// The variables of all sources below a folder.
fn read(folder: &Path, known: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the tree") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            read(&path, known);
        } else if path
            .extension()
            .is_some_and(|end| end == "rs" || end == "h")
        {
            known.extend(variables(
                &fs::read_to_string(&path).expect("a source is text"),
            ));
        }
    }
}

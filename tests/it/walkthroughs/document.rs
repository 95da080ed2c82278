//! A walk-through as steps: its fenced blocks, in order.

/// Matches anything: within a line, or as a line of its own any lines.
const ANY: &str = "…";

/// What a reader does, or sees.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A `toml` block: the configuration, before the gateway starts.
    Config(String),
    /// A line after `$ ` of a `console` block, and what it prints.
    Command { line: String, prints: Vec<String> },
    /// A `console` block without a command: what the last command prints on.
    GoesOn(Vec<String>),
    /// A `browser` block: what a person does there, a line each.
    Browser(Vec<String>),
}

pub(super) fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match kind {
            "toml" => steps.push(Step::Config(block.join("\n"))),
            "browser" => steps.push(Step::Browser(owned(&block))),
            "console" => commands(&block, &mut steps),
            other => assert_eq!(other, "text", "a block that no test runs"),
        }
    }
    steps
}

fn commands(block: &[&str], steps: &mut Vec<Step>) {
    let mut rest = block;
    let output = |rest: &[&str]| {
        rest.iter()
            .take_while(|line| !line.starts_with("$ "))
            .count()
    };
    let length = output(rest);
    if length > 0 {
        steps.push(Step::GoesOn(owned(&rest[..length])));
        rest = &rest[length..];
    }
    while let Some((first, after)) = rest.split_first() {
        let mut line = first.trim_start_matches("$ ").to_owned();
        rest = after;
        while let (Some(begun), Some((next, after))) = (line.strip_suffix('\\'), rest.split_first())
        {
            line = format!("{begun}{}", next.trim_start());
            rest = after;
        }
        let length = output(rest);
        let prints = owned(&rest[..length]);
        steps.push(Step::Command { line, prints });
        rest = &rest[length..];
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|&line| line.to_owned()).collect()
}

/// Whether a command printed what the document says.
pub(super) fn matches(expected: &[String], printed: &str) -> bool {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    lines_match(expected, &printed)
}

fn lines_match(expected: &[String], printed: &[&str]) -> bool {
    let Some((pattern, rest)) = expected.split_first() else {
        return printed.is_empty();
    };
    if pattern == ANY {
        return (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]));
    }
    printed
        .split_first()
        .is_some_and(|(line, after)| line_matches(pattern, line) && lines_match(rest, after))
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((head, tail)) = pattern.trim_end().split_once(ANY) else {
        return pattern.trim_end() == line;
    };
    let Some(mut line) = line.strip_prefix(head) else {
        return false;
    };
    let pieces: Vec<&str> = tail.split(ANY).collect();
    let Some((last, middle)) = pieces.split_last() else {
        return true;
    };
    for piece in middle {
        match line.split_once(piece) {
            Some((_, after)) => line = after,
            None => return false,
        }
    }
    line.ends_with(last)
}

#[test]
fn document_is_read_as_steps() {
    let text = "Words.\n```console\n$ one \\\n    two\nout\n$ three\n```\n```browser\napprove\n```\n\
                ```console\nmore\n```\n";
    let command = |line: &str, prints: &[&str]| Step::Command {
        line: line.to_owned(),
        prints: owned(prints),
    };
    let wanted = [
        command("one two", &["out"]),
        command("three", &[]),
        Step::Browser(owned(&["approve"])),
        Step::GoesOn(owned(&["more"])),
    ];
    assert_eq!(steps(text), wanted);
}

#[test]
fn output_matches_with_placeholders_only_where_they_are() {
    let fits = |pattern: &str, printed: &str| {
        let pattern: Vec<&str> = pattern.lines().collect();
        matches(&owned(&pattern), printed)
    };
    assert!(fits("a … c", "a b c\n") && fits("a…b…c", "a1b2c") && fits("…", ""));
    assert!(fits("a\n…\nd", "a\nb\nc\nd\n") && fits("a\n…\nd", "a\nd\n"));
    assert!(!fits("a … c", "a b d\n") && !fits("a", "a\nb\n") && !fits("a\nb", "a\n"));
    assert!(
        !fits("ab…ba", "aba"),
        "a placeholder's sides do not overlap"
    );
}

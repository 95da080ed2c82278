//! Sentences of the gateway for people: commands stand in backticks, and an address may lead to one of these pages. A
//! command leads to the page that does the same.

use super::kept::own_path;
use askama::{Template, filters::HtmlSafe};
use gateway_api::page_of_command;

/// A sentence with its commands and links marked.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% for part in parts %}{% match part %}{% when Part::Text with (text) %}{{ text }}{% when Part::Command with (text) %}<code>{{ text }}</code>{% when Part::Linked with (text, path) %}<a href="{{ path }}"><code>{{ text }}</code></a>{% when Part::Page with (path) %}<a href="{{ path }}">this page</a>{% endmatch %}{% endfor %}"#
)]
pub(crate) struct Prose {
    parts: Vec<Part>,
}

// The template escapes its own parts.
impl HtmlSafe for Prose {}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Command(String),
    /// A command, and the page that does the same.
    Linked(String, String),
    /// A page of this interface.
    Page(String),
}

/// A sentence as a page shows it.
pub(crate) fn prose(text: impl AsRef<str>) -> Prose {
    let mut parts = Vec::new();
    // What stands between two backticks is a command; one alone is a character as any other.
    let mut pieces = text.as_ref().split('`').peekable();
    let mut in_command = false;
    while let Some(piece) = pieces.next() {
        if in_command && pieces.peek().is_some() {
            parts.push(Part::Command(piece.to_owned()));
        } else if in_command {
            with_pages(&format!("`{piece}"), &mut parts);
        } else {
            with_pages(piece, &mut parts);
        }
        in_command = !in_command;
    }
    // One way to a page is enough.
    if !parts.iter().any(|part| matches!(part, Part::Page(_))) {
        for part in &mut parts {
            if let Part::Command(text) = part
                && let Some(path) = page_of_command(text)
            {
                *part = Part::Linked(std::mem::take(text), path);
            }
        }
    }
    Prose { parts }
}

/// Cuts a text at the addresses of this interface's pages. Only the path becomes a link, so it leads to this listener,
/// whatever stands before it.
fn with_pages(text: &str, parts: &mut Vec<Part>) {
    let mut plain = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let address = word.trim_end();
        let path = page_of(address);
        match path.filter(|path| own_path(path) == *path) {
            Some(path) => {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Page(path.to_owned()));
                plain.push_str(&word[address.len()..]);
            }
            None => plain.push_str(word),
        }
    }
    parts.push(Part::Text(plain));
}

/// The path of an address, if it is one of a page.
fn page_of(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let path = rest.get(rest.find('/')?..)?;
    path.starts_with("/ui/accounts/").then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        prose(text).render().expect("it goes to memory")
    }

    #[test]
    fn commands_and_own_pages_are_marked_and_all_else_is_text() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("run `waybill status`.", "run <code>waybill status</code>."),
            ("a ` alone", "a ` alone"),
            (
                "run `waybill account authorize a.b`",
                "run <a href=\"/ui/accounts/a.b\"><code>waybill account authorize a.b</code></a>",
            ),
            (
                "run `waybill account authorize a`, or open http://w/ui/accounts/a",
                "run <code>waybill account authorize a</code>, or open <a href=\"/ui/accounts/a\">this \
                 page</a>",
            ),
            (
                "run `waybill account authorize <b>`",
                "run <code>waybill account authorize &#60;b&#62;</code>",
            ),
            (
                "run `x`, or open https://w.example/ui/accounts/a.b now",
                "run <code>x</code>, or open <a href=\"/ui/accounts/a.b\">this page</a> now",
            ),
            ("see https://w.example/ui/", "see https://w.example/ui/"),
            (
                "https://evil.example/x/ui/accounts/a",
                "https://evil.example/x/ui/accounts/a",
            ),
            (
                "http://w/ui/accounts/\"onclick=",
                "http://w/ui/accounts/&#34;onclick=",
            ),
            ("`<b>` <i>", "<code>&#60;b&#62;</code> &#60;i&#62;"),
        ] {
            assert_eq!(html(text), expected, "{text}");
        }
    }
}

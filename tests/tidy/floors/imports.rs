//! What the modules of a crate import, read from their text.

use crate::files;
use std::collections::{BTreeMap, BTreeSet};

/// A module's path from the crate's root; the root's own is empty.
pub(super) type Module = Vec<String>;

/// Each module of a crate, and the modules that it imports.
pub(super) type Imports = BTreeMap<Module, BTreeSet<Module>>;

fn module(path: &str) -> Module {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let mut segments: Module = path.split('/').map(str::to_owned).collect();
    if segments
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        segments.pop();
    }
    segments
}

/// The modules under a folder, without tests, and what they import. A name that a module has by an
/// import of its own counts as an import from where it is defined.
pub(super) fn imports(source: &str) -> Imports {
    let mut sources: BTreeMap<Module, String> = BTreeMap::new();
    for (path, text) in files(".rs") {
        let path = path.strip_prefix(source);
        let Some(path) = path.and_then(|path| path.strip_prefix('/')) else {
            continue;
        };
        let segments = module(path);
        if segments.iter().all(|segment| segment != "tests") {
            // A crate may have both `lib.rs` and `main.rs` at its root.
            sources.entry(segments).or_default().push_str(&code(&text));
        }
    }
    assert!(!sources.is_empty(), "{source} has no source files");
    let modules: BTreeSet<&Module> = sources.keys().collect();
    let exports: Exports = (sources.iter())
        .flat_map(|(at, text)| exports(at, text, &modules))
        .collect();
    let of = |(at, text): (&Module, &String)| {
        let found = paths(at, text, &modules).into_iter();
        let found = found.filter_map(|path| owner(path, &modules, &exports));
        (at.clone(), found.filter(|other| other != at).collect())
    };
    sources.iter().map(of).collect()
}

/// The path under which a module passes an item on, and the path that it stands for.
type Exports = BTreeMap<Module, Module>;

fn exports(at: &Module, text: &str, modules: &BTreeSet<&Module>) -> Exports {
    // Private imports too: the modules below this one may use their names through it.
    let statements = text
        .split(';')
        .filter(|statement| statement.contains("use "));
    let passed_on = statements.flat_map(|statement| paths(at, statement, modules));
    let named = passed_on.filter_map(|path| {
        let name = path.last()?.clone();
        Some(([at.as_slice(), &[name]].concat(), path))
    });
    named.filter(|(from, to)| from != to).collect()
}

/// A file's text without comments and without the tests at its end. In a module that is written inside
/// the file, `super` is the file's own module.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = text.unwrap_or_default().lines();
    let mut depth = 0_usize;
    let mut inline = None;
    let mut code = String::new();
    for line in lines.map(|line| line.split("//").next().unwrap_or_default()) {
        if inline.is_none() && line.contains("mod ") && line.trim_end().ends_with('{') {
            inline = Some(depth);
        }
        match inline {
            Some(_) => code.push_str(&line.replace("super::", "self::")),
            None => code.push_str(line),
        }
        code.push('\n');
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
        inline = inline.filter(|outside| depth > *outside);
    }
    code
}

/// The module that a path names, or that the named item is in.
fn owner(mut path: Module, modules: &BTreeSet<&Module>, exports: &Exports) -> Option<Module> {
    // Each step leads nearer to the definition; a chain of more is a mistake of this reader.
    for _ in 0..8 {
        let prefix = (0..=path.len()).rev().map(|end| path[..end].to_vec());
        let prefix = prefix.into_iter().find(|prefix| modules.contains(prefix))?;
        let item = path.get(..=prefix.len());
        match item.and_then(|item| exports.get(item)) {
            Some(to) => path = [to.as_slice(), &path[prefix.len() + 1..]].concat(),
            None => return Some(prefix),
        }
    }
    None
}

/// Every path in the text that begins with `crate`, `super`, `self`, or a module of this one.
fn paths(at: &Module, text: &str, modules: &BTreeSet<&Module>) -> Vec<Module> {
    let mut found = Vec::new();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for (start, _) in text.match_indices("::") {
        let before = &text[..start];
        let first = before.rsplit(|c| !word(c)).next().unwrap_or_default();
        let ahead = before[..before.len() - first.len()].trim_end();
        if ahead.ends_with("::") || first.is_empty() {
            continue;
        }
        let child = [at.as_slice(), &[first.to_owned()]].concat();
        let base = match first {
            "crate" => Vec::new(),
            "self" => at.clone(),
            "super" => at[..at.len().saturating_sub(1)].to_vec(),
            _ if modules.contains(&child) => child,
            _ => continue,
        };
        expand(base, &text[start + 2..], &mut found);
    }
    found
}

/// Adds the paths of an import tree, and returns what follows it.
fn expand<'a>(mut base: Module, tree: &'a str, found: &mut Vec<Module>) -> &'a str {
    let mut left = tree.trim_start();
    loop {
        if let Some(inside) = left.strip_prefix('{') {
            left = inside.trim_start();
            while !left.is_empty() && !left.starts_with('}') {
                left = expand(base.clone(), left, found).trim_start();
                left = left.strip_prefix(',').unwrap_or(left).trim_start();
                if !left.starts_with(|c: char| c.is_alphanumeric() || "_{}*".contains(c)) {
                    break;
                }
            }
            return left.strip_prefix('}').unwrap_or(left);
        }
        let end = left.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (segment, after) = left.split_at(end.unwrap_or(left.len()));
        match segment {
            "super" => {
                base.pop();
            }
            "self" | "" => {}
            name => base.push(name.to_owned()),
        }
        let Some(more) = after.strip_prefix("::") else {
            found.push(base);
            // A renamed import: what follows `as` is no path.
            let renamed = after.trim_start().strip_prefix("as ");
            return renamed.map_or_else(
                || after.strip_prefix('*').unwrap_or(after),
                |name| name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
            );
        };
        left = more.trim_start();
    }
}

pub(super) fn name(module: &Module) -> String {
    if module.is_empty() {
        "lib".to_owned()
    } else {
        module.join("::")
    }
}

#[test]
fn import_trees_are_read_whole() {
    let known: Vec<Module> = ["", "a", "a/b", "c", "c/d", "e"]
        .map(|path| {
            path.split('/')
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect()
        })
        .to_vec();
    let known: BTreeSet<&Module> = known.iter().collect();
    let text = code(
        "use crate::{a::{b::{X, self}, Y}, e};\nuse super::{super::c, d as other, E};\n\
         pub use b::Z; // crate::none\nfn f() { crate::c::d::call(); b::run(); std::fmt::x(); }\n",
    );
    let at: Module = vec!["a".to_owned()];
    let found: BTreeSet<String> = (paths(&at, &text, &known).iter())
        .map(|path| path.join("::"))
        .collect();
    for path in [
        "a::b::X",
        "a::b",
        "a::Y",
        "e",
        "c",
        "d",
        "E",
        "a::b::Z",
        "a::b::run",
        "c::d::call",
    ] {
        assert!(found.contains(path), "{path} is not in {found:?}");
    }
    assert_eq!(found.len(), 10, "{found:?}");
}

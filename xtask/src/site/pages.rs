//! The pages as mdBook gets them: those that `docs/SUMMARY.md` lists, at their places in the tree.

use crate::cargo::root;
use anyhow::{Context as _, Result};
use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

/// Writes the book's folder anew.
pub(super) fn lay_out(book: &Path) -> Result<()> {
    if book.exists() {
        fs::remove_dir_all(book)?;
    }
    let to = book.join("pages");
    fs::create_dir_all(&to)?;
    fs::copy(root().join("docs/book.toml"), book.join("book.toml"))?;
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md"))?;
    let mut pages = BTreeSet::new();
    // The book's summary stands in the top folder, and its links lead from there.
    let summary = relinked(&summary, |target| {
        let page = normal(Path::new("docs").join(target));
        let name = page.display().to_string();
        pages.insert(page);
        Some(name)
    });
    fs::write(to.join("SUMMARY.md"), summary)?;
    copy_files(Path::new("docs"), &to)?;
    for page in &pages {
        let text = fs::read_to_string(root().join(page));
        let text = text.with_context(|| format!("docs/SUMMARY.md lists {}", page.display()))?;
        let folder = page.parent().unwrap_or_else(|| Path::new(""));
        let text = relinked(&text, |target| {
            is_on_the_site(folder, target, &pages).then(|| target.to_owned())
        });
        write(&to.join(page), &text)?;
    }
    Ok(())
}

/// Whether a link leads to a page of the site, to a file beside the pages, or out into the world. The site has no
/// sources: a link to one becomes plain text.
fn is_on_the_site(folder: &Path, target: &str, pages: &BTreeSet<PathBuf>) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let file = normal(folder.join(path));
    pages.contains(&file) || (file.starts_with("docs") && root().join(&file).is_file())
}

/// The text with other targets of its links. A link whose target is `None` becomes its label.
fn relinked(text: &str, mut target_of: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 1 {
            out.push_str(&format!("```{part}```"));
            continue;
        }
        let mut rest = part;
        while let Some((before, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else {
                break;
            };
            match (target_of(target), before.rfind('[')) {
                (Some(target), _) => out.push_str(&format!("{before}]({target})")),
                (None, Some(label)) => {
                    out.push_str(&before[..label]);
                    out.push_str(&before[label + 1..]);
                }
                (None, None) => out.push_str(before),
            }
            rest = after;
        }
        out.push_str(rest);
    }
    out
}

/// A path without `..`, by its text alone.
fn normal(path: PathBuf) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => normal.push(part),
        }
    }
    normal
}

/// Copies the files of a folder of the tree that are no pages: pictures and data.
fn copy_files(folder: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(root().join(folder))? {
        let name = folder.join(entry?.file_name());
        let from = root().join(&name);
        if from.is_dir() {
            copy_files(&name, to)?;
        } else if !name
            .extension()
            .is_some_and(|end| end == "md" || end == "toml")
        {
            write(&to.join(&name), &fs::read(from)?)?;
        }
    }
    Ok(())
}

fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(file, content)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_out_of_the_site_becomes_its_label() {
        let text = "a [page](b.md#c), [`code`](../d.rs)\n```sh\n[x](y)\n```\n![image](e.png)";
        let kept = |target: &str| (target != "../d.rs").then(|| format!("at/{target}"));
        let expected = "a [page](at/b.md#c), `code`\n```sh\n[x](y)\n```\n![image](at/e.png)";
        assert_eq!(relinked(text, kept), expected);
    }

    #[test]
    fn page_is_found_from_a_folder_beside_it() {
        let pages = BTreeSet::from([PathBuf::from("README.md"), "docs/apps.md".into()]);
        let folder = Path::new("docs/carriers");
        for (target, is_there) in [
            ("../apps.md#keys", true),
            ("../../README.md", true),
            ("../../Cargo.toml", false),
            ("#here", true),
            ("https://ups.com", true),
        ] {
            assert_eq!(is_on_the_site(folder, target, &pages), is_there, "{target}");
        }
    }
}

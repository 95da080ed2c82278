//! The documents as a site: `docs/SUMMARY.md` lists them, and links lead to headings that exist.
//! `cargo xtask site` builds it; here its contents are checked without mdBook.

use super::{assert_none, files};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

/// Targets of the links in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let rests = text.split("](").skip(1);
    rests.filter_map(|rest| rest.split(')').next())
}

/// Where a link of a file leads, as a path from the top folder.
fn place(file: &str, target: &str) -> PathBuf {
    let mut place = Path::new(file).to_owned();
    if !target.is_empty() {
        place.pop();
    }
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => drop(place.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => place.push(part),
        }
    }
    place
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        }
        let title = line.trim_start_matches('#');
        if inside || title == line || !title.starts_with(' ') {
            continue;
        }
        let anchor: String = label(title.trim())
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let times = seen.entry(anchor.clone()).or_default();
        anchors.insert(match *times {
            0 => anchor,
            times => format!("{anchor}-{times}"),
        });
        *times += 1;
    }
    anchors
}

/// A heading without the targets of its links.
fn label(title: &str) -> String {
    let mut label = String::new();
    for (index, part) in title.split("](").enumerate() {
        let rest = if index == 0 {
            part
        } else {
            part.split_once(')').map_or(part, |(_, rest)| rest)
        };
        label.push_str(rest);
    }
    label
}

#[test]
fn summary_lists_every_page_once() {
    let pages = files(".md");
    let summary = pages.iter().find(|(file, _)| file == "docs/SUMMARY.md");
    let (name, summary) = summary.expect("docs/SUMMARY.md");
    let mut listed: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for target in links(summary) {
        *listed.entry(place(name, target)).or_default() += 1;
    }
    let mut offences: Vec<String> = listed
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(page, _)| format!("{} is listed twice", page.display()))
        .collect();
    let missing = pages.iter().filter(|(file, _)| {
        file.starts_with("docs/") && file != name && !listed.contains_key(Path::new(file))
    });
    offences.extend(missing.map(|(file, _)| format!("{file} is not listed")));
    assert_none("docs/SUMMARY.md", &offences);
}

#[test]
fn links_lead_to_headings_that_exist() {
    let pages: BTreeMap<PathBuf, String> = (files(".md").into_iter())
        .map(|(file, text)| (file.into(), text))
        .collect();
    let mut offences = Vec::new();
    let mut checked = 0;
    for (file, text) in &pages {
        let name = file.to_string_lossy();
        let within = links(text).filter(|target| !target.contains("://"));
        for (target, anchor) in within.filter_map(|target| target.split_once('#')) {
            let Some(page) = pages.get(&place(&name, target)) else {
                continue;
            };
            checked += 1;
            if !anchors(page).contains(anchor) {
                offences.push(format!("{name} links to {target}#{anchor}"));
            }
        }
    }
    assert!(checked > 50, "links with anchors: {checked}");
    assert_none("anchors in documents", &offences);
}

/// A picture is made anew with the pages, so one that no document shows would be looked at by nobody.
#[test]
fn every_picture_is_shown_and_every_shown_picture_exists() {
    let mut shown: BTreeSet<PathBuf> = BTreeSet::new();
    for (file, text) in files(".md") {
        let pictures = links(&text).filter(|target| target.ends_with(".png"));
        shown.extend(pictures.map(|target| place(&file, target)));
    }
    let folder = Path::new("docs/images");
    let there = std::fs::read_dir(super::root().join(folder)).expect("the folder of pictures");
    let there: BTreeSet<PathBuf> = there
        .map(|entry| folder.join(entry.expect("an entry").file_name()))
        .collect();
    let differ = there.symmetric_difference(&shown);
    let offences: Vec<String> = differ.map(|it| it.display().to_string()).collect();
    assert_none("pictures that are only shown, or only there", &offences);
}

#[test]
fn anchors_are_made_as_a_site_makes_them() {
    let text = "# One, *two*\n## `a_b` of [c](d.md)\n```sh\n# no\n```\n## One two\n## One two\n";
    let expected = ["one-two", "a_b-of-c", "one-two-1", "one-two-2"].map(str::to_owned);
    assert_eq!(anchors(text), BTreeSet::from(expected));
}

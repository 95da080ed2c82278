//! Finds the tables of the sections, and refuses tables and keys that are no section.

use super::{
    context::Context,
    table::Table,
    wording::{nearest_fix, shortened, type_name},
};
use crate::{description::Section, error::Place};
use toml_span::value::{Table as TomlTable, ValueInner};

type Root<'t> = Option<&'t TomlTable<'t>>;

/// A section that is one table; absent, it stands at the file as a whole.
pub(crate) fn single<'t>(
    cx: &mut Context<'_>,
    root: Root<'t>,
    section: &'static Section,
) -> Table<'t> {
    let mut entries = root;
    let mut place = Place::File;
    let mut segments = section.path.split('.').peekable();
    while let Some(segment) = segments.next() {
        let Some(value) = entries.and_then(|table| table.get(segment)) else {
            // Absent sections are read as empty ones, so that presets and variables apply.
            return Table::new(section, None, Place::File);
        };
        place = cx.place(value.span);
        let inner = value.as_ref();
        let ValueInner::Table(table) = inner else {
            // The outer section already refused a text in place of its inner section's parent.
            if segments.peek().is_none() {
                let message = format!("{} is {}", section.path, type_name(inner));
                cx.mistake(place, message, format!("write {}", section.heading()));
            }
            return Table::new(section, None, Place::File);
        };
        entries = Some(table);
    }
    let table = Table::new(section, entries, place);
    // Inner sections stand in the table like keys and must not be refused as such.
    table.refuse_unknown(cx, &subsections(cx.sections, section));
    table
}

/// Finds a section that is one table and reads it.
pub(crate) fn read_single<'t, T>(
    cx: &mut Context<'_>,
    root: Root<'t>,
    section: &'static Section,
    read: impl FnOnce(&mut Context<'_>, &Table<'t>) -> T,
) -> T {
    let table = single(cx, root, section);
    read(cx, &table)
}

/// Reads each table of a section that is a list of tables.
pub(crate) fn repeated<'t, T>(
    cx: &mut Context<'_>,
    root: Root<'t>,
    section: &'static Section,
    read: impl Fn(&mut Context<'_>, &mut Table<'t>) -> T,
) -> Vec<T> {
    let Some(value) = root.and_then(|root| root.get(section.path)) else {
        return Vec::new();
    };
    let wrong = |cx: &mut Context<'_>, place: Place, found: &ValueInner<'_>| {
        let message = format!("{} is {}", section.path, type_name(found));
        cx.mistake(place, message, format!("write {}", section.heading()));
    };
    let ValueInner::Array(items) = value.as_ref() else {
        let place = cx.place(value.span);
        wrong(cx, place, value.as_ref());
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let place = cx.place(item.span);
        let ValueInner::Table(entries) = item.as_ref() else {
            wrong(cx, place, item.as_ref());
            continue;
        };
        let mut table = Table::new(section, Some(entries), place);
        let draft = read(cx, &mut table);
        // After reading, because the table's title has its name only then.
        table.refuse_unknown(cx, &[]);
        found.push(draft);
    }
    found
}

/// Refuses what stands at the top and is no section.
pub(crate) fn refuse_unknown_sections(cx: &mut Context<'_>, root: Root<'_>) {
    let known: Vec<&str> = cx
        .sections
        .iter()
        .map(|section| section.path)
        // Inner sections are found by their outer ones.
        .filter(|path| !path.contains('.'))
        .collect();
    for key in root.into_iter().flat_map(|root| root.keys()) {
        if !known.contains(&key.name.as_ref()) {
            let message = format!("there is no section {:?}", shortened(&key.name));
            cx.mistake(cx.place(key.span), message, nearest_fix(&key.name, &known));
        }
    }
}

/// Tells about variables that look like misspelt overrides. Others with the prefix are left alone:
/// container platforms make up `WAYBILL_PORT` and the like for a service called waybill.
pub(crate) fn note_near_variables(cx: &mut Context<'_>) {
    let overrides: Vec<String> = cx
        .sections
        .iter()
        .flat_map(|section| section.keys.iter().filter_map(|key| section.variable(key)))
        .collect();
    let known: Vec<&str> = overrides.iter().map(String::as_str).collect();
    for name in cx.variables.names() {
        if !name.starts_with("WAYBILL_") || known.contains(&name.as_str()) {
            continue;
        }
        // Two edits: enough for a swapped or forgotten letter, too few for another program's variable.
        let near = |known: &&&str| strsim::osa_distance(&name, known) <= 2;
        if let Some(meant) = known.iter().find(near) {
            cx.note(
                Place::Variable(shortened(&name)),
                format!("it overrides nothing; {meant} would"),
            );
        }
    }
}

/// The keys of a section that are sections themselves.
fn subsections(all: &[&'static Section], section: &Section) -> Vec<&'static str> {
    all.iter()
        .filter_map(|inner| inner.path.strip_prefix(section.path)?.strip_prefix('.'))
        .collect()
}

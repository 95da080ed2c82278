//! Tables that a person searches, sorts and turns over, as the address of the page says.
//!
//! A page describes its table once, as a [`TableKind`]. The address has the words that are searched for (`q`), the
//! column of the order (`sort`, with `-` before it if the order is turned round) and the number of the page (`page`).
//! So each view of a table has an address of its own, and needs no script.

mod view;

use axum::extract::FromRequestParts;
use gateway_control::SearchWords;
use http::request::Parts;
use std::{borrow::Cow, cmp::Ordering, collections::HashMap};

use view::Choice;
pub(super) use view::Table;

/// The rows of a page.
pub(super) const ROWS: usize = 50;
/// The longest text of an address that counts, in characters.
const LONGEST: usize = 100;
/// A table with fewer rows is seen at a glance, and has no form to search it.
const FEW: usize = 3;

/// What a person wants to see of a table. Nothing in an address is an error: a link may be old, or cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The words that are searched for.
    pub(super) text: String,
    /// Whether only the first ones of them are.
    shortened: bool,
    sort: String,
    page: usize,
    others: HashMap<String, String>,
}

impl Asked {
    fn parse(query: &str) -> Self {
        let mut others: HashMap<String, String> = HashMap::new();
        let mut shortened = false;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            let short: String = value.chars().take(LONGEST).collect();
            shortened |= name == "q" && short.len() < value.len();
            others.entry(name.into_owned()).or_insert(short);
        }
        let mut take = |name: &str| others.remove(name).unwrap_or_default();
        Self {
            text: take("q"),
            sort: take("sort"),
            page: take("page").parse().unwrap_or_default(),
            shortened,
            others,
        }
    }

    /// What else the address has under this name.
    pub(super) fn other(&self, name: &str) -> &str {
        self.others.get(name).map_or("", String::as_str)
    }

    /// The place of the first row that is asked for, if there are so many.
    pub(super) const fn first(&self) -> usize {
        self.page.saturating_mul(ROWS)
    }

    /// Whether this is the beginning of a table as it is, without an order of its own.
    pub(super) const fn is_nothing(&self) -> bool {
        self.text.is_empty() && self.sort.is_empty() && self.page == 0
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let asked = Self::parse(parts.uri.query().unwrap_or_default());
        std::future::ready(Ok(asked)).await
    }
}

/// How rows in memory are compared.
pub(super) type Compare<T> = fn(&T, &T) -> Ordering;

/// A column: its title, and how it sorts.
pub(super) struct Column<O> {
    title: &'static str,
    /// Its name in the address.
    key: &'static str,
    order: Option<O>,
    /// Whether who chooses it sees the greatest first.
    greatest_first: bool,
}

impl<O> Column<O> {
    /// A column that does not sort.
    pub(super) const fn plain(title: &'static str) -> Self {
        Self {
            title,
            key: "",
            order: None,
            greatest_first: false,
        }
    }

    pub(super) const fn sorts(title: &'static str, key: &'static str, order: O) -> Self {
        Self {
            title,
            key,
            order: Some(order),
            greatest_first: false,
        }
    }

    /// A column of times: the newest one comes first.
    pub(super) const fn newest_first(title: &'static str, key: &'static str, order: O) -> Self {
        Self {
            title,
            key,
            order: Some(order),
            greatest_first: true,
        }
    }
}

/// An order: a column, and its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sort {
    key: &'static str,
    descending: bool,
}

impl Sort {
    const fn turned(self) -> Self {
        Self {
            descending: !self.descending,
            ..self
        }
    }

    fn name(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.key)
    }
}

/// What is the same for all who look at a table.
pub(super) struct TableKind<O: 'static> {
    /// The address of its page.
    pub(super) path: &'static str,
    /// What its rows are searched by.
    pub(super) hint: &'static str,
    /// The order in which the rows come, if nobody asks for another one: as in the address.
    pub(super) usual: &'static str,
    /// What the address keeps beside the table's own names.
    pub(super) keeps: &'static [&'static str],
    pub(super) columns: &'static [Column<O>],
}

impl<O: Copy> TableKind<O> {
    /// The order that the address names, if there is such a column.
    fn sort(&self, name: &str) -> Option<(Sort, O)> {
        let (key, descending) = match name.strip_prefix('-') {
            Some(key) => (key, true),
            None => (name, false),
        };
        let column = self.columns.iter().find(|it| it.key == key)?;
        let key = column.key;
        Some((Sort { key, descending }, column.order?))
    }

    /// The order of the rows, and whether it is turned round; nothing if they come in this order.
    pub(super) fn order(&self, asked: &Asked) -> Option<(O, bool)> {
        let (sort, order) = self.sort(&asked.sort)?;
        (sort.name() != self.usual).then_some((order, sort.descending))
    }

    /// The table around the rows of a page. `found` is how many rows there are on all pages, and `total` how many there
    /// would be without a search.
    pub(super) fn table(&self, asked: Asked, found: usize, total: usize) -> Table {
        let usual = self.sort(self.usual).map(|(sort, _)| sort);
        let asked_for = self.sort(&asked.sort).map(|(sort, _)| sort);
        let mut notes = Vec::new();
        if asked_for.is_none() && !asked.sort.is_empty() {
            let column = asked.sort.trim_start_matches('-');
            notes.push(format!(
                "The table has no column “{column}” to be sorted by, so it is in its usual order."
            ));
        }
        if asked.shortened {
            notes.push(format!(
                "Only the first {LONGEST} characters are searched for."
            ));
        }
        let page = asked.page.min(found.saturating_sub(1) / ROWS);
        if page != asked.page {
            notes.push("There is no such page any more: this is the last one.".to_owned());
        }
        let mut table = Table {
            path: self.path,
            hint: self.hint,
            text: asked.text.clone(),
            kept: (self.keeps.iter())
                .map(|name| (*name, asked.other(name).to_owned()))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            usual: self.usual,
            sort: asked_for.or(usual),
            heads: Vec::new(),
            choices: Choice::as_they_come(self.usual, asked_for.is_none()),
            notes,
            page,
            found,
            total,
        };
        for column in self.columns {
            table.add(column);
        }
        table
    }
}

impl<T: 'static> TableKind<Compare<T>> {
    /// The rows that are found, in the order that is asked for.
    pub(super) fn find(
        &self,
        asked: &Asked,
        mut rows: Vec<T>,
        texts: impl Fn(&T) -> Vec<Cow<'_, str>>,
    ) -> Vec<T> {
        let words = SearchWords::new(&asked.text);
        if !words.is_empty() {
            rows.retain(|row| {
                let texts = texts(row);
                words.are_in(|| texts.iter().map(AsRef::as_ref))
            });
        }
        match self.order(asked) {
            Some((order, false)) => rows.sort_by(order),
            Some((order, true)) => rows.sort_by(|one, other| order(other, one)),
            None => {}
        }
        rows
    }

    /// The rows of the page that is asked for, and the table around them.
    pub(super) fn page(
        &self,
        asked: Asked,
        rows: Vec<T>,
        texts: impl Fn(&T) -> Vec<Cow<'_, str>>,
    ) -> (Vec<T>, Table) {
        let total = rows.len();
        let mut rows = self.find(&asked, rows, texts);
        let table = self.table(asked, rows.len(), total);
        let rows = rows.drain(table.range()).collect();
        (rows, table)
    }
}

#[cfg(test)]
mod tests;

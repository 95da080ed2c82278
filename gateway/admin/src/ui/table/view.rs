//! A table as somebody looks at it: its form, its head, the way to its other pages.

use super::{Column, FEW, ROWS, Sort};
use askama::{Template, filters::HtmlSafe};
use std::ops::Range;

/// A column's head.
pub(super) struct Head {
    pub(super) title: &'static str,
    /// Where the table is sorted by it.
    pub(super) address: Option<String>,
    /// The direction, for programs that read the page aloud.
    pub(super) aria_sort: Option<&'static str>,
}

/// An order that the form offers.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) chosen: bool,
}

impl Choice {
    /// The rows as they come, if that is the order of no column.
    pub(super) fn as_they_come(usual: &str, chosen: bool) -> Vec<Self> {
        let choice = usual.is_empty().then(|| Self {
            name: String::new(),
            text: "the usual order".to_owned(),
            chosen,
        });
        choice.into_iter().collect()
    }
}

/// A table as somebody looks at it: everything but its rows.
pub(crate) struct Table {
    pub(super) path: &'static str,
    pub(super) hint: &'static str,
    pub(super) text: String,
    pub(super) kept: Vec<(&'static str, String)>,
    pub(super) usual: &'static str,
    pub(super) sort: Option<Sort>,
    pub(super) heads: Vec<Head>,
    pub(super) choices: Vec<Choice>,
    pub(super) notes: Vec<String>,
    pub(super) page: usize,
    pub(super) found: usize,
    pub(super) total: usize,
}

/// The form that searches a table.
#[derive(Template)]
#[template(path = "ui/table_search.html")]
pub(crate) struct Search<'t> {
    table: &'t Table,
}

/// The fields of that form, for a page that adds some.
#[derive(Template)]
#[template(path = "ui/table_search_fields.html")]
pub(crate) struct SearchFields<'t> {
    table: &'t Table,
}

/// What an address has asked for in vain.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% for note in table.notes %}<p class="hint" role="status">{{ note }}</p>{% endfor %}"#
)]
pub(crate) struct Notes<'t> {
    table: &'t Table,
}

/// The first row of a table: its columns.
#[derive(Template)]
#[template(path = "ui/table_head.html")]
pub(crate) struct TableHead<'t> {
    table: &'t Table,
    /// A column that has forms, if the reader may send them.
    change: bool,
}

/// What stands below a table: where one is, and the way to other pages.
#[derive(Template)]
#[template(path = "ui/table_pages.html")]
pub(crate) struct Pages<'t> {
    table: &'t Table,
}

/// What stands in the place of a table in which nothing is found.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p class="empty">Nothing here has “{{ table.text }}” in it. <a href="{{ table.everything() }}">Show all</a>.</p>"#
)]
pub(crate) struct Nothing<'t> {
    table: &'t Table,
}

// The templates escape their own parts.
impl HtmlSafe for Search<'_> {}
impl HtmlSafe for SearchFields<'_> {}
impl HtmlSafe for Notes<'_> {}
impl HtmlSafe for TableHead<'_> {}
impl HtmlSafe for Pages<'_> {}
impl HtmlSafe for Nothing<'_> {}

impl Table {
    pub(super) fn add<O>(&mut self, column: &Column<O>) {
        let sorted = self.sort.filter(|it| it.key == column.key);
        let direction = |descending| {
            if descending {
                "descending"
            } else {
                "ascending"
            }
        };
        let first = Sort {
            key: column.key,
            descending: column.greatest_first,
        };
        let sorts = column.order.is_some();
        self.heads.push(Head {
            title: column.title,
            // Who chooses the same column again turns its order round.
            address: sorts.then(|| self.address(sorted.map_or(first, Sort::turned), 0)),
            aria_sort: sorted.filter(|_| sorts).map(|it| direction(it.descending)),
        });
        if !sorts {
            return;
        }
        for sort in [first, first.turned()] {
            self.choices.push(Choice {
                name: sort.name(),
                text: format!("{}, {}", column.title, direction(sort.descending)),
                chosen: self.sort == Some(sort),
            });
        }
    }

    /// The place of the page's rows among those that are found.
    pub(crate) fn range(&self) -> Range<usize> {
        let first = (self.page * ROWS).min(self.found);
        first..(first + ROWS).min(self.found)
    }

    /// Whether there is something to search.
    pub(crate) fn is_long(&self) -> bool {
        self.total >= FEW || self.is_searched()
    }

    pub(crate) fn is_searched(&self) -> bool {
        !self.text.is_empty()
    }

    /// Whether this is the beginning of the table, in its usual order.
    pub(crate) fn is_at_its_beginning(&self) -> bool {
        let usual = self.sort.is_none_or(|sort| sort.name() == self.usual);
        usual && self.page == 0 && !self.is_searched()
    }

    /// The form that searches the table.
    pub(crate) const fn search(&self) -> Search<'_> {
        Search { table: self }
    }

    /// The fields of that form.
    pub(crate) const fn search_fields(&self) -> SearchFields<'_> {
        SearchFields { table: self }
    }

    /// What the address has asked for in vain.
    pub(crate) const fn notes(&self) -> Notes<'_> {
        Notes { table: self }
    }

    /// The head of the table.
    pub(crate) const fn head(&self) -> TableHead<'_> {
        TableHead {
            table: self,
            change: false,
        }
    }

    /// The head of the table, with a column for forms if the reader may send them.
    pub(crate) const fn head_with_change(&self, change: bool) -> TableHead<'_> {
        TableHead {
            table: self,
            change,
        }
    }

    /// What stands below the table.
    pub(crate) const fn pages(&self) -> Pages<'_> {
        Pages { table: self }
    }

    /// What a table in which nothing is found says.
    pub(crate) const fn nothing(&self) -> Nothing<'_> {
        Nothing { table: self }
    }

    /// The address of the same table with another value of what it keeps.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let kept = self.kept.iter().filter(|(other, _)| *other != name);
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in kept {
            query.append_pair(name, value);
        }
        query.append_pair(name, value);
        self.end(query, self.sort, 0)
    }

    /// The address of the whole table.
    pub(super) fn everything(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.kept);
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.path)
    }

    fn address(&self, sort: Sort, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.kept);
        self.end(query, Some(sort), page)
    }

    fn end(
        &self,
        mut query: form_urlencoded::Serializer<'_, String>,
        sort: Option<Sort>,
        page: usize,
    ) -> String {
        if !self.text.is_empty() {
            query.append_pair("q", &self.text);
        }
        if let Some(sort) = sort.map(Sort::name).filter(|name| name != self.usual) {
            query.append_pair("sort", &sort);
        }
        if page > 0 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.path)
    }

    fn page_at(&self, page: usize) -> String {
        match self.sort {
            Some(sort) => self.address(sort, page),
            None => self.path.to_owned(),
        }
    }

    pub(super) fn previous(&self) -> Option<String> {
        self.page.checked_sub(1).map(|page| self.page_at(page))
    }

    pub(super) fn next(&self) -> Option<String> {
        (self.range().end < self.found).then(|| self.page_at(self.page + 1))
    }
}

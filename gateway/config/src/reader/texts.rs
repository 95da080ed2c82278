//! Lists of texts, and tables of names that the operator chose.

use super::{
    context::{At, Context},
    table::{Table, Written},
    wording::type_name,
};
use crate::{
    description::{Key, Preset},
    error::Place,
};
use std::collections::BTreeMap;
use toml_span::value::ValueInner;

impl Table<'_> {
    /// One text or a list of texts; `None` when the key is absent or is not that.
    pub(crate) fn texts(&self, cx: &mut Context<'_>, key: &Key) -> Option<Vec<At<String>>> {
        let (written, place) = match (self.written(cx, key), key.preset) {
            (Some(found), _) => found,
            (None, Preset::Text(text)) => (Written::Variable(text.into()), self.place.clone()),
            (None, _) => return None,
        };
        match written {
            // A variable holds a list as text, parted by commas.
            Written::Variable(text) => Some(
                // A variable has no lists, so commas separate its items.
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| At {
                        value: item.to_owned(),
                        place: place.clone(),
                    })
                    .collect(),
            ),
            Written::Toml(inner) => self.texts_of(cx, key, inner, place),
        }
    }

    /// One text or a list of texts, of a key that makes no sense without any.
    pub(crate) fn texts_not_empty(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
    ) -> Option<Vec<At<String>>> {
        let before = cx.mistakes.len();
        let texts = self.texts(cx, key)?;
        // A list whose items were refused is not empty.
        if texts.is_empty() && cx.mistakes.len() == before {
            let place = self
                .value(key)
                .map_or_else(|| self.place.clone(), |value| cx.place(value.span));
            self.refuse(cx, key, place, "empty");
        }
        Some(texts)
    }

    fn texts_of(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
        inner: &ValueInner<'_>,
        place: Place,
    ) -> Option<Vec<At<String>>> {
        if let ValueInner::String(text) = inner {
            let value = text.clone().into_owned();
            return Some(vec![At { value, place }]);
        }
        let ValueInner::Array(items) = inner else {
            self.refuse(cx, key, place, &type_name(inner));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            let place = cx.place(item.span);
            if let ValueInner::String(text) = item.as_ref() {
                let value = text.clone().into_owned();
                texts.push(At { value, place });
            } else {
                // Recorded and passed over: the items after it may have mistakes of their own.
                let found = format!("a list with {} in it", type_name(item.as_ref()));
                self.refuse(cx, key, place, &found);
            }
        }
        Some(texts)
    }

    /// A table of names that the operator chose, each with one text or a list.
    pub(crate) fn map(
        &self,
        cx: &mut Context<'_>,
        key: &Key,
    ) -> BTreeMap<String, (Place, Vec<At<String>>)> {
        let mut map = BTreeMap::new();
        let Some(value) = self.value(key) else {
            return map;
        };
        let place = cx.place(value.span);
        let ValueInner::Table(entries) = value.as_ref() else {
            self.refuse(cx, key, place, &type_name(value.as_ref()));
            return map;
        };
        for (name, value) in entries {
            let place = cx.place(value.span);
            if let Some(texts) = self.texts_of(cx, key, value.as_ref(), place) {
                map.insert(name.name.to_string(), (cx.place(name.span), texts));
            }
        }
        map
    }
}

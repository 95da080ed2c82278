//! The files of one answer, and the bookmark of the next.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::criteria::{Criteria, SUBSCRIPTION};
use super::events::Event;
use crate::products::contract::operation::list;

/// Events in one answer. A file is never divided, so there can be more.
const MAX_EVENTS: usize = 100;

/// The name of the file in which a moment is.
fn file_name(at: Timestamp) -> String {
    at.strftime("%y%m%d_%H0000001").to_string()
}

/// Some files, by name.
pub(super) struct Page {
    files: BTreeMap<String, Vec<Event>>,
    next: Option<String>,
}

impl Page {
    pub(super) fn of(events: Vec<Event>, criteria: &Criteria) -> Self {
        let mut files: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for event in events {
            files.entry(file_name(event.at)).or_default().push(event);
        }
        files.retain(|name, _| criteria.files.is_empty() || criteria.files.contains(name));
        if let Some(first) = &criteria.first_file {
            files = files.split_off(first);
        }
        let mut count = 0;
        let too_many = files.iter().position(|(_, events)| {
            let is_full = count > 0 && count + events.len() > MAX_EVENTS;
            count += events.len();
            is_full
        });
        let next = too_many.and_then(|index| files.keys().nth(index).cloned());
        if let Some(next) = &next {
            files.split_off(next);
        }
        Self { files, next }
    }

    pub(super) const fn is_last(&self) -> bool {
        self.next.is_none()
    }

    /// The moment of the last event.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let (_, events) = self.files.last_key_value()?;
        events.iter().map(|event| event.at).max()
    }

    pub(super) fn bookmark(&self, subscriber: &str, criteria: &Criteria) -> Option<String> {
        let next = self.next.as_ref()?;
        Some(STANDARD.encode(match criteria.is_unread {
            // Unread data goes on where reading ended.
            true => subscriber.to_owned(),
            false => format!("{subscriber}|{SUBSCRIPTION}|{next}"),
        }))
    }

    pub(super) fn files(self, is_old: bool, read_until: Option<Timestamp>) -> Vec<Value> {
        let files = self.files.into_iter().map(|(name, events)| {
            let is_read = |event: &Event| read_until.is_some_and(|read| event.at <= read);
            let (code, text) = match events.iter().all(is_read) {
                true => ("R", "Read"),
                false => ("U", "Unread"),
            };
            let mut file = Map::new();
            file.insert("FileName".to_owned(), json!(name));
            let status = json!({"Code": code, "Description": text});
            file.insert("StatusType".to_owned(), status);
            let mut kinds: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
            for event in events {
                kinds.entry(event.kind).or_default().push(event.body);
            }
            for (kind, bodies) in kinds {
                file.insert(kind.to_owned(), list(is_old, bodies));
            }
            Value::Object(file)
        });
        files.collect()
    }
}

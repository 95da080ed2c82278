//! A map with a bound, for what the mock remembers of strangers' requests.

use std::collections::{HashMap, VecDeque};

/// Entries at most; the oldest are forgotten first.
// Strangers can make entries without end, so there is a bound whatever a test does.
const CAPACITY: usize = 65_536;

/// A map that forgets its oldest entry when it is full.
#[derive(Debug)]
pub(super) struct Bounded<T> {
    map: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Bounded<T> {
    /// Inserts, and gives what had to be forgotten for it.
    pub(super) fn insert(&mut self, key: String, value: T) -> Option<T> {
        // By order, not by size: taken entries leave their key in the queue until it comes to the front.
        let forgotten = if self.order.len() >= CAPACITY {
            self.order
                .pop_front()
                .and_then(|oldest| self.map.remove(&oldest))
        } else {
            None
        };
        self.order.push_back(key.clone());
        self.map.insert(key, value);
        forgotten
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.map.get_mut(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&T> {
        self.map.get(key)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&String, &T)> {
        self.map.iter()
    }

    /// Removes the value; its place in the order goes when its turn comes.
    pub(super) fn take(&mut self, key: &str) -> Option<T> {
        self.map.remove(key)
    }
}

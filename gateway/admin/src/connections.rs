//! Which connections stay open when there are too many.
//!
//! A client that connects and says nothing must not keep others out. So no connection waits for a
//! place: a new one takes the place of the one that has been idle longest, of its own address if that
//! has too many, otherwise of the address with the most. A connection with a request in progress is
//! never closed for another.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// The maximum number of connections.
pub(crate) const MAX_CONNECTIONS: usize = 256;
/// The maximum number of connections of one address.
pub(crate) const MAX_OF_ADDRESS: usize = 128;

struct Entry {
    address: IpAddr,
    /// The turn at which the connection became idle; `None` while a request is in progress.
    idle_since: Option<u64>,
    evicted: Arc<Notify>,
}

#[derive(Default)]
struct Table {
    open: HashMap<u64, Entry>,
    /// Counts events: it orders connections and needs no clock.
    turn: u64,
}

impl Table {
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    fn of(&self, address: IpAddr) -> usize {
        let same = |entry: &&Entry| entry.address == address;
        self.open.values().filter(same).count()
    }

    /// The address with the most connections.
    fn busiest(&self) -> Option<IpAddr> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for entry in self.open.values() {
            *counts.entry(entry.address).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        most.map(|(address, _)| address)
    }

    /// Closes the connection of this address that has been idle longest, if one is idle.
    fn evict(&mut self, address: IpAddr) -> bool {
        let idle = self.open.iter().filter(|(_, of)| of.address == address);
        let idle = idle.filter_map(|(id, of)| Some((of.idle_since?, *id)));
        let Some(entry) = idle.min().and_then(|(_, id)| self.open.remove(&id)) else {
            return false;
        };
        // It stores a permit: the connection's task may not wait for it yet.
        entry.evicted.notify_one();
        true
    }
}

/// The open connections of the listener.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Table>>);

/// The place of one connection; dropping it frees the place.
pub(crate) struct ConnectionSlot {
    connections: Connections,
    id: u64,
    evicted: Arc<Notify>,
    asked: AtomicBool,
}

/// A request in progress; dropping it makes the connection idle.
pub(crate) struct InProgress(Arc<ConnectionSlot>);

impl Connections {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; `None` if all that could give way have a request in progress.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Arc<ConnectionSlot>> {
        let mut table = self.table();
        if table.of(address) >= MAX_OF_ADDRESS && !table.evict(address) {
            return None;
        }
        if table.open.len() >= MAX_CONNECTIONS {
            let busiest = table.busiest().unwrap_or(address);
            if !table.evict(busiest) && !table.evict(address) {
                return None;
            }
        }
        let evicted = Arc::new(Notify::new());
        let id = table.next_turn();
        table.open.insert(
            id,
            Entry {
                address,
                idle_since: Some(id),
                evicted: Arc::clone(&evicted),
            },
        );
        drop(table);
        Some(Arc::new(ConnectionSlot {
            connections: self.clone(),
            id,
            evicted,
            asked: AtomicBool::new(false),
        }))
    }
}

impl ConnectionSlot {
    /// Marks a request as in progress.
    pub(crate) fn begin(self: &Arc<Self>) -> InProgress {
        self.asked.store(true, Ordering::Relaxed);
        if let Some(entry) = self.connections.table().open.get_mut(&self.id) {
            entry.idle_since = None;
        }
        InProgress(Arc::clone(self))
    }

    /// Whether the connection has had a request.
    pub(crate) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Waits until another connection takes this place.
    pub(crate) async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        let mut table = self.0.connections.table();
        let turn = table.next_turn();
        if let Some(entry) = table.open.get_mut(&self.0.id) {
            entry.idle_since = Some(turn);
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.connections.table().open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests;

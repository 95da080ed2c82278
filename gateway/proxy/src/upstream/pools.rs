//! A worker's upstream servers, by origin.

use super::pool::UpstreamPool;
use crate::{settings::Settings, ticks::Ticks};
use foldhash::fast::RandomState;
use gateway_model::Origin;
use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

/// The connection pools of one worker. They belong to origins, not to routes, so that they outlive a
/// change of the directory.
pub(crate) struct UpstreamPools {
    settings: Arc<Settings>,
    ticks: Rc<Ticks>,
    by_origin: RefCell<HashMap<Origin, Rc<UpstreamPool>, RandomState>>,
}

impl UpstreamPools {
    pub(crate) fn new(settings: &Arc<Settings>, ticks: &Rc<Ticks>) -> Self {
        Self {
            settings: Arc::clone(settings),
            ticks: Rc::clone(ticks),
            by_origin: RefCell::default(),
        }
    }

    /// The pool of an origin; made at its first use.
    pub(crate) fn of(&self, origin: &Origin) -> Rc<UpstreamPool> {
        let mut by_origin = self.by_origin.borrow_mut();
        if let Some(upstream) = by_origin.get(origin) {
            return Rc::clone(upstream);
        }
        let upstream = Rc::new(UpstreamPool::new(origin, &self.settings, &self.ticks));
        by_origin.insert(origin.clone(), Rc::clone(&upstream));
        upstream
    }

    /// Closes connections that nobody used for a while, and forgets origins that no route leads to.
    pub(crate) fn expire(&self, is_routed: impl Fn(&Origin) -> bool) {
        self.by_origin.borrow_mut().retain(|origin, upstream| {
            upstream.expire();
            // A request in flight may still hold a pool that no route leads to any more.
            Rc::strong_count(upstream) > 1 || is_routed(origin)
        });
    }
}

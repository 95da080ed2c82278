//! A worker's upstream servers, by origin.

use super::pool::UpstreamPool;
use crate::{settings::Settings, ticks::Ticks};
use foldhash::fast::RandomState;
use gateway_model::Origin;
use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

/// The connection pools of one worker. They belong to origins, not to routes, so that they outlive a
/// change of the directory.
pub(crate) struct UpstreamPools {
    settings: RefCell<Rc<Settings>>,
    ticks: Rc<Ticks>,
    by_origin: RefCell<HashMap<Origin, Rc<UpstreamPool>, RandomState>>,
}

impl UpstreamPools {
    pub(crate) fn new(settings: &Rc<Settings>, ticks: &Rc<Ticks>) -> Self {
        Self {
            settings: RefCell::new(Rc::clone(settings)),
            ticks: Rc::clone(ticks),
            by_origin: RefCell::default(),
        }
    }

    /// Works with other settings from now on. Connections that were verified by the same authorities stay;
    /// the others end with the exchange that they are in.
    pub(crate) fn reconfigure(&self, settings: &Rc<Settings>) {
        let old = self.settings.replace(Rc::clone(settings));
        let mut by_origin = self.by_origin.borrow_mut();
        if Arc::ptr_eq(&old.upstream_tls, &settings.upstream_tls)
            && old.upstream_http2 == settings.upstream_http2
        {
            by_origin
                .values()
                .for_each(|pool| pool.reconfigure(settings));
        } else {
            by_origin.clear();
        }
    }

    /// The pool of an origin; made at its first use.
    pub(crate) fn of(&self, origin: &Origin) -> Rc<UpstreamPool> {
        let mut by_origin = self.by_origin.borrow_mut();
        if let Some(upstream) = by_origin.get(origin) {
            return Rc::clone(upstream);
        }
        let upstream = Rc::new(UpstreamPool::new(
            origin,
            &self.settings.borrow(),
            &self.ticks,
        ));
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

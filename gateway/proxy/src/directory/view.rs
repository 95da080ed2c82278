//! A worker's own copy of the directory: the index that all workers share, and what this one has made
//! or learnt of its accounts, routes and tokens. All of it is replaced together, so that a place in the
//! index is only ever used with the index that it belongs to.

use super::{
    account_view::AccountView, app_token::VerifiedTokens, index::Index, route_view::RouteView,
};
use crate::{metrics::AccountMetrics, upstream::UpstreamPools};
use gateway_model::Signer;
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// A worker's view of the directory. Every request holds the one that it began with.
pub(crate) struct DirectoryView {
    pub(crate) version: u64,
    pub(crate) index: Arc<Index>,
    /// App tokens that verified; their holders are places in the index.
    pub(crate) remembered: RefCell<VerifiedTokens>,
    worker: usize,
    accounts: RefCell<Vec<Option<AccountView>>>,
    routes: RefCell<Vec<Option<Rc<RouteView>>>>,
}

impl DirectoryView {
    pub(crate) fn new((version, index): (u64, Arc<Index>), worker: usize) -> Self {
        Self {
            version,
            remembered: RefCell::default(),
            worker,
            accounts: RefCell::new(index.accounts.iter().map(|_| None).collect()),
            routes: RefCell::new(index.routes.iter().map(|_| None).collect()),
            index,
        }
    }

    /// Runs `use_view` on this worker's view of an account.
    pub(crate) fn with_account<T>(
        &self,
        account: usize,
        use_view: impl FnOnce(&mut AccountView) -> T,
    ) -> T {
        let mut views = self.accounts.borrow_mut();
        // Made at the first use: one worker uses few of many accounts.
        let view = views[account]
            .get_or_insert_with(|| AccountView::new(&self.index.accounts[account].account));
        use_view(view)
    }

    /// Who signs the account's requests. Borrowed from what all workers share: no count is touched.
    pub(crate) fn signer(&self, account: usize) -> Option<&dyn Signer> {
        self.index.accounts[account].account.signer.as_deref()
    }

    /// Makes the views of routes anew at their next use, with the pools that there are then.
    pub(crate) fn forget_routes(&self) {
        self.routes
            .borrow_mut()
            .iter_mut()
            .for_each(|view| *view = None);
    }

    /// This worker's view of a route.
    pub(crate) fn route(&self, upstreams: &UpstreamPools, route: usize) -> Rc<RouteView> {
        let mut routes = self.routes.borrow_mut();
        let view = routes[route].get_or_insert_with(|| {
            let route = &self.index.routes[route].route;
            Rc::new(RouteView::new(route, upstreams.of(&route.origin)))
        });
        Rc::clone(view)
    }

    /// What this worker counts for an account.
    pub(crate) fn counters(&self, account: usize) -> &AccountMetrics {
        self.index.accounts[account].counters.of(self.worker)
    }
}

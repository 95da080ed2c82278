//! The places of a request's route, account and app in the index.

use super::index::Index;
use crate::request_report::Parties;
use gateway_model::{AccountId, AppId};

/// The places of a request's route, account and app in the index, as far as they are known. Each worker
/// remembers a thousand of these, so they are small.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Places {
    route: Option<u32>,
    account: Option<u32>,
    app: Option<u32>,
}

impl Places {
    pub(crate) fn new(route: Option<usize>, account: Option<usize>, app: Option<usize>) -> Self {
        // A place beyond four billion counts as not known.
        let small = |at: Option<usize>| at.and_then(|at| u32::try_from(at).ok());
        Self {
            route: small(route),
            account: small(account),
            app: small(app),
        }
    }

    /// The account's id. `index` must be the one that the places were found in, as for the other functions.
    pub(crate) fn account(self, index: &Index) -> Option<&AccountId> {
        self.account
            .map(|at| &index.accounts[at as usize].account.id)
    }

    /// The app's id.
    pub(crate) fn app(self, index: &Index) -> Option<&AppId> {
        self.app.map(|at| &index.apps[at as usize].app.id)
    }

    /// The names of all.
    pub(crate) fn parties(self, index: &Index) -> Parties {
        let route = self.route.map(|at| &index.routes[at as usize]);
        Parties {
            route: route.map(|route| route.label.clone()),
            carrier: route.map(|route| route.route.profile.id.clone()),
            environment: route.map(|route| route.route.environment),
            account: self.account(index).cloned(),
            app: self.app(index).cloned(),
        }
    }
}

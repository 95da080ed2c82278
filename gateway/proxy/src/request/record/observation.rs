//! What a request is counted by: the names of its route, app and operation.

use super::Record;
use crate::series::SeriesNames;
use gateway_model::Operation;

/// A caller that proved nothing, or a request that was answered before its caller was looked at. Its path says
/// nothing either: a stranger could use up the series with paths.
const UNKNOWN: &str = "(unknown)";
/// A caller that is no app: it is trusted because of its address, or sent an account's retired key.
const NO_APP: &str = "(none)";
/// An operation that the carrier's manifest does not name.
const OTHER: &str = "(other)";

impl Record {
    /// The names that the request is counted by.
    pub(super) fn names(&self) -> SeriesNames<'_> {
        let index = &self.directory.index;
        let route = self.route.map(|at| &index.routes[at]);
        let app = match (self.app, self.account) {
            (Some(at), _) => index.apps[at].app.id.as_str(),
            (None, Some(_)) => NO_APP,
            (None, None) => UNKNOWN,
        };
        let is_known = self.app.is_some() || self.account.is_some();
        SeriesNames {
            route: route.map_or(UNKNOWN, |route| &route.label),
            app,
            operation: if is_known {
                self.operation_name().unwrap_or(OTHER)
            } else {
                UNKNOWN
            },
        }
    }

    fn operation_name(&self) -> Option<&str> {
        self.known_operation()
            .map(|operation| operation.name.as_str())
    }

    /// The operation, if anything asked for it and the manifest names it.
    pub(super) fn known_operation(&self) -> Option<&Operation> {
        let route = &self.directory.index.routes[self.route?].route;
        route.profile.api.operations().get(self.operation?)
    }
}

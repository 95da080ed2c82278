//! What a gateway must know about a carrier's API to forward requests with care: the paths of its
//! authorization server, and its operations.
//!
//! It is data of the plugin's manifest, parsed once. A carrier that is not described gets the careful
//! default: what RFC 9110 says about the method, and nothing more.

mod normal;
mod operation;
mod table;
mod template;

pub use operation::{Operation, OperationName, OperationNameError};
pub use table::DuplicateOperation;
pub use template::{PathTemplate, TemplateError};

use crate::Environment;
use http::Method;
use normal::NormalPath;
use table::OperationTable;

/// The authorization server's paths and the operations of one carrier.
#[derive(Clone, Debug, Default)]
pub struct CarrierApi {
    authorization: Vec<PathTemplate>,
    operations: OperationTable,
    environments: Vec<(Environment, PathTemplate)>,
    /// Whether any operation needs a slot beside the first.
    further_slots: bool,
}

impl CarrierApi {
    /// `authorization` are beginnings of paths: whatever lies below one of them belongs to the carrier's
    /// authorization server.
    ///
    /// # Errors
    /// When two operations have a method and the form of their paths in common.
    pub fn new(
        authorization: Vec<PathTemplate>,
        operations: Vec<Operation>,
    ) -> Result<Self, DuplicateOperation> {
        Ok(Self {
            authorization,
            further_slots: operations.iter().any(|known| !known.slots.is_empty()),
            operations: OperationTable::new(operations)?,
            environments: Vec::new(),
        })
    }

    /// For carriers whose environments share an origin: where each one's paths begin.
    #[must_use]
    pub fn with_environments(self, environments: Vec<(Environment, PathTemplate)>) -> Self {
        Self {
            environments,
            ..self
        }
    }

    /// Where the paths of an environment begin, if the carrier's environments differ by path.
    pub fn environment_path(&self, environment: Environment) -> Option<&PathTemplate> {
        let mut paths = self.environments.iter();
        paths
            .find(|(of, _)| *of == environment)
            .map(|(_, path)| path)
    }

    /// Whether a request with this path stays in the environment, however the path is spelled. `path` has no
    /// query.
    pub fn is_in_environment(&self, environment: Environment, path: &str) -> bool {
        let Some(own) = self.environment_path(environment) else {
            return true;
        };
        // One environment's paths may lie below the other's: `/api` and `/api/test`.
        let others = || {
            let paths = self.environments.iter().map(|(_, path)| path);
            paths.filter(|path| path.as_str().len() > own.as_str().len())
        };
        // Each reading: one that leads to the other environment could make a real shipment of a test.
        NormalPath::readings(path).iter().all(|reading| {
            reading.begins_with(own) && !others().any(|other| reading.begins_with(other))
        })
    }

    /// Whether a request with this path is meant for the carrier's authorization server, however the path
    /// is spelled: case, encoding, doubled slashes, dot segments, parameters of a segment.
    ///
    /// `path` has no query. A path in its plain spelling is looked at without an allocation.
    pub fn is_authorization_path(&self, path: &str) -> bool {
        // A carrier without such paths pays nothing for the question.
        if self.authorization.is_empty() {
            return false;
        }
        let begins = |path: &NormalPath<'_>| {
            self.authorization
                .iter()
                .any(|prefix| path.begins_with(prefix))
        };
        // One suspicious reading is enough: it is cheaper to refuse a strange path than to let a token request through.
        NormalPath::readings(path).iter().any(begins)
    }

    /// The operation that a request asks for; `HEAD` asks for what `GET` does. `path` has no query.
    ///
    /// Literal segments count before placeholders. The path is compared as the carrier reads it, which means
    /// percent-decoded segment by segment, without an allocation.
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let place = self.operation_place(method, path)?;
        self.operations.all().get(place)
    }

    /// The place of that operation in [`operations`](Self::operations).
    pub fn operation_place(&self, method: &Method, path: &str) -> Option<usize> {
        let found = self.operations.find(method, path);
        match *method {
            // A table rarely lists `HEAD`; what it lists itself still counts first (RFC 9110 section 9.3.2).
            Method::HEAD => found.or_else(|| self.operations.find(&Method::GET, path)),
            _ => found,
        }
    }

    /// The operation that a request asks for, if it needs slots beside the first. A carrier without such
    /// slots pays for the question only.
    pub fn operation_with_slots(&self, method: &Method, path: &str) -> Option<&Operation> {
        if !self.further_slots {
            return None;
        }
        let found = self.operation(method, path);
        found.filter(|operation| !operation.slots.is_empty())
    }

    /// Whether a request changes nothing at the carrier. A request that no operation describes is safe if
    /// its method is (RFC 9110 section 9.2.1).
    pub fn is_safe(&self, method: &Method, path: &str) -> bool {
        self.operation(method, path)
            .map_or_else(|| method.is_safe(), |operation| operation.safe)
    }

    /// Whether a request may be sent once more after its connection was closed before any byte of an answer,
    /// so that nobody knows whether the carrier has carried it out (RFC 9110 section 9.2.2).
    ///
    /// `POST` and `PATCH` never may, not even for an operation that changes nothing: an app that meant
    /// another operation than the table says would pay for it. Of the other methods, those that RFC 9110 calls
    /// safe may unless the operation says otherwise, and `PUT` and `DELETE` only if the operation says so.
    pub fn may_send_again(&self, method: &Method, path: &str) -> bool {
        // `CONNECT` too: what happened in a tunnel cannot be seen.
        if matches!(*method, Method::POST | Method::PATCH | Method::CONNECT) {
            return false;
        }
        self.operation(method, path)
            .map_or_else(|| method.is_safe(), |operation| operation.repeatable)
    }

    /// Beginnings of the authorization server's paths.
    pub fn authorization_paths(&self) -> &[PathTemplate] {
        &self.authorization
    }

    /// The operations, in the manifest's order.
    pub fn operations(&self) -> &[Operation] {
        self.operations.all()
    }
}

#[cfg(test)]
mod tests;

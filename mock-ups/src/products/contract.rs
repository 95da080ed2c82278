//! Products that are declared: a table of operations, each with its path, its parameters, the members of its body
//! and a function that builds the answer. One rule each checks presence, type, length, list and pattern for all of
//! them, and the product says in which envelope it refuses.

mod declaration;
pub(crate) mod ledger;
pub(crate) mod operation;
pub(crate) mod refusal;
pub(crate) mod shape;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use http::Method;
use serde_json::Value;

use crate::api::{ApiRequest, ApiResponse, Product};
use crate::hot_settings::HotSettings;
use crate::products::context::ProductContext;
use crate::products::request_body::{BodyError, read_tree};
use crate::products::versions::{Api, version as version_of};

use operation::ParsedOperation;
pub(crate) use operation::{Call, Operation};
pub(crate) use refusal::{Answer, Refusal};

/// What a declared product remembers between calls.
pub(crate) trait State: Send + Sync + 'static {
    /// Forgets what calls have created.
    fn reset(&self) {}
}

/// A product's operations and manners.
pub(crate) struct Contract<S: 'static> {
    /// The first segment of all its paths.
    pub(crate) first: &'static str,
    /// Which versions exist.
    pub(crate) api: Api,
    pub(crate) operations: &'static [Operation<S>],
    /// Whether texts may be numbers, a list may be one item, and `null` is an absent member, as in the products that
    /// were made from XML. The setting `strict_files` takes that back.
    pub(crate) is_lenient: bool,
    /// The answer to a call that is refused, in the product's envelope.
    pub(crate) refuse: fn(&ApiRequest<'_>, &Refusal) -> ApiResponse,
}

/// A product that a contract describes.
pub(crate) struct Declared<S: 'static> {
    state: S,
    contract: &'static Contract<S>,
    hot: Arc<HotSettings>,
    parsed: OnceLock<Vec<ParsedOperation>>,
}

impl<S: State> Declared<S> {
    pub(crate) fn new(contract: &'static Contract<S>, context: &ProductContext, state: S) -> Self {
        Self {
            state,
            contract,
            hot: Arc::clone(&context.hot),
            parsed: OnceLock::new(),
        }
    }

    /// The declarations, read when the first call comes: a mock that nobody asks for the product starts without.
    fn parsed(&self) -> &[ParsedOperation] {
        self.parsed.get_or_init(|| {
            let operations = self.contract.operations.iter();
            operations.map(ParsedOperation::of).collect()
        })
    }

    fn run(
        &self,
        index: usize,
        call: &ApiRequest<'_>,
        (version, path): (u32, Vec<String>),
    ) -> Answer {
        let operation = &self.contract.operations[index];
        let parsed = &self.parsed()[index];
        parsed.check_parameters(call, &path)?;
        let is_strict = self.hot.current().strict_files;
        let body = match &parsed.body {
            None => Value::Null,
            Some(members) => {
                let body = self.read(call)?;
                declaration::check(members, &body, self.contract.is_lenient && !is_strict)?;
                body
            }
        };
        let call = Call {
            request: call,
            version,
            path,
            body,
            is_strict,
        };
        (operation.answer)(&self.state, &call)
    }

    fn read(&self, call: &ApiRequest<'_>) -> Result<Value, Refusal> {
        if !self.contract.is_lenient {
            return serde_json::from_slice(call.body).map_err(|_| Refusal::Unreadable);
        }
        // What the older services do with bytes that they cannot digest is on record.
        read_tree(call.body).map_err(|error| match error {
            BodyError::Indigestible => Refusal::Indigestible,
            BodyError::Refused(error) => Refusal::Known(error),
        })
    }
}

impl<S: State> Product for Declared<S> {
    fn answer(&self, call: &ApiRequest<'_>) -> Option<ApiResponse> {
        let contract = self.contract;
        if *call.segments.first()? != contract.first {
            return None;
        }
        let mut allowed: Option<&Method> = None;
        for (index, operation) in contract.operations.iter().enumerate() {
            let Some((version, path)) = operation.route(call.segments) else {
                continue;
            };
            // One product has its version in its name, so that it is no parameter.
            let version = match version.map_or(Ok(0), |text| version_of(contract.api, text)) {
                Ok(version) => version,
                // The older services refuse a version as recorded; to the others it is a path that does not exist.
                Err(error) if contract.is_lenient => {
                    return Some((contract.refuse)(call, &Refusal::Known(error)));
                }
                Err(_) => continue,
            };
            if operation.method == *call.method {
                let answer = self.run(index, call, (version, path));
                let refuse = |refusal| (contract.refuse)(call, &refusal);
                return Some(answer.unwrap_or_else(refuse));
            }
            allowed = Some(&operation.method);
        }
        allowed.map(crate::standard_responses::method_not_allowed)
    }

    fn reset(&self) {
        self.state.reset();
    }
}

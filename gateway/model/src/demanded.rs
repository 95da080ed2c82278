//! What came of a demand for a token.

use crate::{SpanContext, Unavailable};

/// What came of a demand for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demanded<T> {
    /// The result.
    pub result: Result<T, Unavailable>,
    /// The span of the token request that was waited for, if there was one and spans are exported.
    pub token_request: Option<SpanContext>,
}

impl<T> From<Result<T, Unavailable>> for Demanded<T> {
    /// Nothing was waited for.
    fn from(result: Result<T, Unavailable>) -> Self {
        Self {
            result,
            token_request: None,
        }
    }
}

impl<T> Demanded<T> {
    /// The same with another success.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Demanded<U> {
        Demanded {
            result: self.result.map(of),
            token_request: self.token_request,
        }
    }
}

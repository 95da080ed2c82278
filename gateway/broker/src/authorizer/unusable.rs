//! An account that cannot work until an operator changes something.

use super::{
    contract::{Authorizer, BoxFuture},
    transport::Transport,
};
use gateway_model::Failure;
use gateway_plugin_host::{Authorization, Issued};

/// Answers every authorization with the reason why the account cannot work.
#[derive(Debug)]
pub struct UnusableAccount(Failure);

impl UnusableAccount {
    /// Keeps the reason.
    pub const fn new(reason: Failure) -> Self {
        Self(reason)
    }
}

impl Authorizer for UnusableAccount {
    fn authorize(&self, _: Authorization, _: Transport) -> BoxFuture<'_, Result<Issued, Failure>> {
        let failure = self.0.clone();
        Box::pin(async { Err(failure) })
    }
}

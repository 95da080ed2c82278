//! The signer of an account's requests, both of apps and of the control plane.

use gateway_model::{Credential, Failure, SignRequest, Signature, Signer};
use gateway_plugin_host::{Instance, Issued, KnownCarrier, SignBody};
use http::{HeaderName, HeaderValue};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Signs the requests of one account.
#[derive(Debug)]
pub(crate) struct AccountSigner(SignedBy);

#[derive(Debug)]
enum SignedBy {
    /// The plugin, with the instance whose client secret the carrier accepted last. If the carrier no
    /// longer accepts that secret, it rejects the request, and the renewal finds the right one.
    Plugin {
        each: Vec<Arc<Instance>>,
        good: Arc<AtomicUsize>,
        body: SignBody,
    },
    /// No one: signatures are or may be required, and there is no instance to make them. A stored
    /// token must not be sent without a signature.
    Impossible(Failure),
}

impl AccountSigner {
    /// For an account whose instances could be made; `None` if its plugin signs nothing.
    pub(crate) fn of(each: &[Arc<Instance>], good: &Arc<AtomicUsize>) -> Option<Arc<dyn Signer>> {
        let body = each.first()?.signs()?;
        Some(Arc::new(Self(SignedBy::Plugin {
            each: each.to_vec(),
            good: Arc::clone(good),
            body,
        })))
    }

    /// For an account without instances, for this reason; `None` if its carrier requires no signatures.
    pub(crate) fn without_instance(
        known: Option<&KnownCarrier>,
        problem: Failure,
    ) -> Option<Arc<dyn Signer>> {
        // Without a manifest it is not known whether the carrier requires signatures.
        if known.is_some_and(|known| known.signs.is_none()) {
            return None;
        }
        Some(Arc::new(Self(SignedBy::Impossible(problem))))
    }
}

impl Signer for AccountSigner {
    fn needs_body(&self) -> bool {
        match &self.0 {
            SignedBy::Plugin { body, .. } => body.is_needed(),
            SignedBy::Impossible(_) => false,
        }
    }

    fn sign(&self, request: &SignRequest<'_>) -> Signature {
        match &self.0 {
            SignedBy::Plugin { each, good, .. } => {
                // Relaxed is enough: an old index costs one rejected request, and the renewal
                // corrects it.
                // The remainder keeps a stray index inside the list.
                let good = good.load(Ordering::Relaxed) % each.len();
                each[good].signature(request)
            }
            SignedBy::Impossible(failure) => Signature::Ready(Err(failure.clone())),
        }
    }
}

/// A credential for one request of the control plane.
#[derive(Clone, Copy)]
pub(crate) struct PresentedCredential<'a> {
    pub(crate) fields: &'a [(HeaderName, HeaderValue)],
    /// The credential's state, which only the signer gets.
    pub(crate) state: &'a [u8],
}

impl<'a> From<&'a Credential> for PresentedCredential<'a> {
    fn from(credential: &'a Credential) -> Self {
        Self {
            fields: &credential.headers,
            state: credential.state(),
        }
    }
}

impl<'a> From<&'a Issued> for PresentedCredential<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self {
            fields: &issued.headers,
            state: issued.state.expose(),
        }
    }
}

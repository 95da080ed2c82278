//! Who signs an account's requests, of apps and of the control plane alike.

use gateway_model::{Credential, Failure, FailureClass, SignRequest, SignatureFields, Signer};
use gateway_plugin_host::{Instance, Issued, Plugin, SignBody};
use http::{HeaderName, HeaderValue};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Signs the requests of one account.
#[derive(Debug)]
pub(crate) struct AccountSigner(By);

#[derive(Debug)]
enum By {
    /// The plugin, by the instance whose client secret the carrier took last. If the carrier has
    /// changed its mind since, it rejects the request, and the renewal finds the right one.
    Plugin {
        each: Vec<Arc<Instance>>,
        good: Arc<AtomicUsize>,
        body: SignBody,
    },
    /// Signatures are wanted, or may be, and there is nobody to make them. A token that was kept from
    /// better times must not be sent without.
    Nobody(Failure),
}

impl AccountSigner {
    /// For an account whose instances could be made; `None` if its plugin signs nothing.
    pub(crate) fn of(each: &[Arc<Instance>], good: &Arc<AtomicUsize>) -> Option<Arc<dyn Signer>> {
        let body = each.first()?.signs()?;
        Some(Arc::new(Self(By::Plugin {
            each: each.to_vec(),
            good: Arc::clone(good),
            body,
        })))
    }

    /// For an account without instances, for this reason; `None` if its plugin signs nothing.
    pub(crate) fn without_instance(plugin: Option<&Plugin>, why: &str) -> Option<Arc<dyn Signer>> {
        let class = match plugin {
            Some(plugin) if plugin.signs().is_none() => return None,
            Some(_) => FailureClass::Config,
            // What this carrier wants is not known without its plugin.
            None => FailureClass::Bug,
        };
        let failure = Failure::new(class, "account_unusable", why);
        Some(Arc::new(Self(By::Nobody(failure))))
    }
}

impl Signer for AccountSigner {
    fn needs_body(&self) -> bool {
        match &self.0 {
            By::Plugin { body, .. } => body.is_needed(),
            By::Nobody(_) => false,
        }
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignatureFields, Failure> {
        match &self.0 {
            By::Plugin { each, good, .. } => {
                let good = good.load(Ordering::Relaxed) % each.len();
                each[good].sign(request)
            }
            By::Nobody(failure) => Err(failure.clone()),
        }
    }
}

/// A credential as one request of the control plane shows it.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) fields: &'a [(HeaderName, HeaderValue)],
    /// What belongs to it and is only for the signer.
    pub(crate) state: &'a [u8],
}

impl<'a> From<&'a Credential> for Shown<'a> {
    fn from(credential: &'a Credential) -> Self {
        Self {
            fields: &credential.headers,
            state: credential.state(),
        }
    }
}

impl<'a> From<&'a Issued> for Shown<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self {
            fields: &issued.headers,
            state: issued.state.expose(),
        }
    }
}

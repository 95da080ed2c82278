//! A configured plugin: one account.

use crate::{
    Limits,
    call::Returned,
    handle::{self, InstanceHandle},
    host::PendingCall,
    instance_result,
    loaded::LoadedPlugin,
};
use gateway_model::{Failure, FailureClass, Origin, Scheme, SecretBytes};
use plugins_abi::Capabilities;
use std::{fmt, sync::Arc};

/// A longer configuration is a mistake.
const MAX_CONFIG: usize = 1 << 20;

/// How to make an instance.
pub struct InstanceOptions {
    /// What the plugin reads; checked by the plugin.
    pub config: serde_json::Value,
    /// The operator's override: the only origin that may be asked. `None`: the manifest's hosts.
    pub origin: Option<Origin>,
    /// Allows an `http` override. Secrets then travel in clear.
    pub danger_plaintext: bool,
    /// Bounds of each authorization.
    pub limits: Limits,
}

impl InstanceOptions {
    /// A configuration under the manifest's hosts and the default limits.
    pub fn new(config: serde_json::Value) -> Self {
        Self {
            config,
            origin: None,
            danger_plaintext: false,
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for InstanceOptions {
    /// The configuration holds secrets and is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceOptions")
            .field("origin", &self.origin)
            .field("danger_plaintext", &self.danger_plaintext)
            .finish_non_exhaustive()
    }
}

/// An instance. Authorizations may run side by side.
#[must_use = "dropping an instance makes the plugin forget the account"]
pub struct Instance {
    pub(crate) handle: Arc<InstanceHandle>,
    pub(crate) origin: Option<Origin>,
    pub(crate) limits: Limits,
}

impl Instance {
    /// Whether a person can consent at this carrier; the configuration may still not ask for it.
    pub fn supports_auth_code(&self) -> bool {
        self.plugin().can(Capabilities::AUTH_CODE)
    }

    pub(crate) fn plugin(&self) -> &Arc<LoadedPlugin> {
        self.handle.plugin()
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({})", self.plugin().manifest.name)
    }
}

/// Makes instances. All are queued before the first is waited for.
pub(crate) fn make(
    plugin: &Arc<LoadedPlugin>,
    each: Vec<InstanceOptions>,
) -> Vec<Result<Instance, Failure>> {
    let pending: Vec<_> = each
        .into_iter()
        .map(|options| queue(plugin, options))
        .collect();
    let made = pending.into_iter().map(|pending| {
        let PendingInstance {
            call,
            origin,
            limits,
        } = pending?;
        let returned = call.wait()??;
        let handle = instance_result::check(&plugin.health, returned)?;
        Ok(Instance {
            handle: Arc::new(handle),
            origin,
            limits,
        })
    });
    made.collect()
}

/// An instance whose call is queued.
struct PendingInstance {
    call: PendingCall<Result<Returned<InstanceHandle>, Failure>>,
    origin: Option<Origin>,
    limits: Limits,
}

fn queue(plugin: &Arc<LoadedPlugin>, options: InstanceOptions) -> Result<PendingInstance, Failure> {
    // Before the secrets are written down for a call that will not be made.
    plugin.health.admit()?;
    let plaintext = options
        .origin
        .as_ref()
        .is_some_and(|origin| origin.scheme() == Scheme::Http);
    // Checked again, although the configuration did: the library is also used without it.
    if plaintext && !options.danger_plaintext {
        return Err(config(
            "plaintext_origin",
            "the origin is http: use https, or allow plaintext with `danger_plaintext_upstream`",
        ));
    }
    let json = serde_json::to_vec(&options.config)
        .map(SecretBytes::new)
        .map_err(|_| config("config", "the configuration cannot be written as JSON"))?;
    // Not for the plugin to find out: it would have to copy all of it first.
    if json.expose().len() > MAX_CONFIG {
        return Err(config("config", "the configuration is longer than 1 MiB"));
    }
    let (loaded, limits) = (Arc::clone(plugin), options.limits);
    let call = plugin.host.start(&plugin.health, move || {
        handle::new_instance(&loaded, json, limits)
    })?;
    Ok(PendingInstance {
        call,
        origin: options.origin,
        limits,
    })
}

fn config(code: &str, message: &str) -> Failure {
    Failure::new(FailureClass::Config, code, message)
}

//! A configured plugin: one account.

mod handles;

pub(crate) use handles::{
    Asked, Beginning, Happened, InstanceHandle, OpHandle, Step, authorize_url, begin, resume,
};

use crate::{
    Authorization, AuthorizeUrl, Breach, Issued, Limits, consent, drive, host::Started,
    plugin::Shared, sink::End,
};
use gateway_http_client::HttpClient;
use gateway_model::{Failure, FailureClass, Origin, Scheme, Secret, SecretBytes};
use plugins_abi::{Capabilities, Status};
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
    /// Carries out one authorization, its requests made by `http`. Dropping the future cancels it.
    ///
    /// It needs a Tokio runtime with time enabled.
    ///
    /// # Errors
    /// With whose turn it is. A plugin that breaks its contract ends with class *bug*.
    pub async fn authorize(
        &self,
        authorization: Authorization,
        http: &dyn HttpClient,
    ) -> Result<Issued, Failure> {
        drive::authorize(self, authorization, http).await
    }

    /// Where a person consents. The URL is checked: see [`AuthorizeUrl`].
    ///
    /// # Errors
    /// When the plugin has none for this configuration; class *bug* if it gave an unsafe one.
    pub async fn authorize_url(&self, request: &AuthorizeUrl) -> Result<Secret, Failure> {
        consent::authorize_url(self, request).await
    }

    /// Whether a person can consent at this carrier; the configuration may still not ask for it.
    pub fn supports_auth_code(&self) -> bool {
        self.plugin().table.can(Capabilities::AUTH_CODE)
    }

    pub(crate) fn plugin(&self) -> &Arc<Shared> {
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
    plugin: &Arc<Shared>,
    each: Vec<InstanceOptions>,
) -> Vec<Result<Instance, Failure>> {
    let begun: Vec<_> = each
        .into_iter()
        .map(|options| begin_making(plugin, options))
        .collect();
    let made = begun.into_iter().map(|begun| {
        let (started, origin, limits) = begun?;
        let handle = judge(plugin, started.wait()?)?;
        Ok(Instance {
            handle,
            origin,
            limits,
        })
    });
    made.collect()
}

type Begun = (Started<handles::Made>, Option<Origin>, Limits);

fn begin_making(plugin: &Arc<Shared>, options: InstanceOptions) -> Result<Begun, Failure> {
    plugin.health.admit()?;
    let plaintext = options
        .origin
        .as_ref()
        .is_some_and(|origin| origin.scheme() == Scheme::Http);
    if plaintext && !options.danger_plaintext {
        return Err(config(
            "plaintext_origin",
            "the origin is http: use https, or allow plaintext with `danger_plaintext_upstream`",
        ));
    }
    let json = serde_json::to_vec(&options.config)
        .map(SecretBytes::new)
        .map_err(|_| config("config", "the configuration cannot be written as JSON"))?;
    if json.expose().len() > MAX_CONFIG {
        return Err(config("config", "the configuration is longer than 1 MiB"));
    }
    let (shared, limits) = (Arc::clone(plugin), options.limits);
    let started = plugin.host.start(&plugin.health, move || {
        handles::new_instance(&shared, &json, limits)
    })?;
    Ok((started, options.origin, options.limits))
}

/// What came of making an instance.
fn judge(plugin: &Arc<Shared>, made: handles::Made) -> Result<Arc<InstanceHandle>, Failure> {
    let breach = |breach: Breach| {
        plugin.health.bug();
        breach.failure(&plugin.manifest.name)
    };
    if let Some(first) = made.emitted.breach {
        return Err(breach(first));
    }
    if !made.emitted.emissions.is_empty() {
        return Err(breach(Breach::Misplaced));
    }
    match (made.status, made.emitted.end, made.handle) {
        (_, Some(End::Done(_)), _) => Err(breach(Breach::Misplaced)),
        (Status::OK, None, Some(handle)) => Ok(Arc::new(handle)),
        (Status::OK, None, None) => Err(breach(Breach::NoHandle)),
        (Status::OK, Some(End::Failed(_)), _) => Err(breach(Breach::Contradiction)),
        (Status::FAILED, Some(End::Failed(failure)), _) => {
            if failure.class == FailureClass::Bug {
                plugin.health.bug();
            }
            Err(failure)
        }
        (Status::FAILED, None, _) => Err(breach(Breach::NoReason)),
        (Status::PANIC, end, _) => Err(breach(Breach::panicked(end))),
        (Status::UNSUPPORTED, _, _) => Err(config(
            "unsupported",
            "the plugin cannot make an instance from any configuration",
        )),
        (Status(other), _, _) => Err(breach(Breach::UnknownStatus(other))),
    }
}

fn config(code: &str, message: &str) -> Failure {
    Failure::new(FailureClass::Config, code, message)
}

//! Why the gateway cannot start.

use super::listen_tls::TlsError;
use gateway_control::ControlError;
use gateway_http_client::TrustError;
use gateway_plugin_host::DirectoryError;
use gateway_proxy::BindError;
use gateway_store::OpenError;

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The plugin folder cannot be used.
    #[error(transparent)]
    Plugins(#[from] DirectoryError),
    /// A plugin cannot be used, and the running gateway may use it.
    #[error("{0}")]
    PluginRefused(String),
    /// No upstream certificate can be verified: the trust store is empty or unusable.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store cannot be read, or does not fit the configuration.
    #[error("{}", with_remedy(.0))]
    Control(#[from] ControlError),
    /// The listener's certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Files that the configuration names cannot be used.
    #[error("{}", each(.0))]
    Unprepared(Vec<Self>),
    /// A port is taken, or the data plane cannot work so.
    #[error(transparent)]
    Apps(#[from] BindError),
    /// The admin listener's port is taken.
    #[error(transparent)]
    Admin(#[from] gateway_admin::BindError),
    /// The system gave no second descriptor of a socket.
    #[error("the system gives no file descriptor: {0}")]
    Descriptor(#[from] std::io::Error),
    /// The system gave no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

fn each(errors: &[StartError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.join("; and ")
}

fn with_remedy(error: &ControlError) -> String {
    let remedy = error.remedy.as_deref();
    remedy.map_or_else(|| error.to_string(), |remedy| format!("{error}: {remedy}"))
}

//! The connection of a command to the gateway: the typed client of the admin API, its address and its
//! token.

use crate::{
    error::CliError,
    terminal::{Output, secret_input},
};
use anyhow::anyhow;
use gateway_api::client::{Client, ClientError, Trust};
use gateway_config::{AdminAccess, ProcessVariables, Variables as _};
use gateway_model::{Clock, Secret};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Runtime;

/// Holds the admin token itself; it has no flag, because arguments can be seen by every user.
pub(crate) const TOKEN_VARIABLE: &str = "WAYBILL_ADMIN_TOKEN";

/// A reminder is not worth a wait.
const REMINDER_DEADLINE: Duration = Duration::from_secs(3);

/// The gateway's address and the admin token.
#[derive(Debug, clap::Args)]
pub(crate) struct RemoteArgs {
    /// Configuration file of the gateway
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "waybill.toml",
        env = "WAYBILL_CONFIG",
        global = true
    )]
    pub(crate) config: PathBuf,
    /// Address of the admin listener, if it is not the configuration's
    #[arg(long, value_name = "URL", env = "WAYBILL_ADMIN_URL", global = true)]
    url: Option<String>,
    /// PEM file of certificate authorities to trust besides the system's
    #[arg(
        long,
        value_name = "FILE",
        env = "WAYBILL_ADMIN_CA_FILE",
        global = true
    )]
    ca_file: Option<PathBuf>,
    /// File with an admin token, if it is not the configuration's
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

/// A client with a runtime of its own.
pub(crate) struct Session {
    pub(crate) client: Client,
    /// Where time comes from.
    pub(crate) clock: Arc<dyn Clock>,
    runtime: Runtime,
}

impl RemoteArgs {
    /// Prepares the client; no request is sent yet.
    pub(crate) fn session(&self, clock: Arc<dyn Clock>) -> Result<Session, CliError> {
        let variable = ProcessVariables
            .get(TOKEN_VARIABLE)
            .filter(|v| !v.is_empty());
        // With both given the configuration is not read: it may be on the gateway's machine only.
        let mut trust = Trust {
            ca_file: self.ca_file.clone(),
            certificate: None,
        };
        let (base, token) = match (&self.url, self.given_token(variable)?) {
            // With both given, no configuration is needed: the gateway may be on another machine.
            (Some(url), Some(token)) => (url.clone(), token),
            (url, token) => {
                let access = AdminAccess::load(&self.config, &ProcessVariables)?;
                let base = match url {
                    // The flag wins over the file, and the file over nothing at all.
                    Some(url) => {
                        // It may be of another gateway, or of a user who cannot read this one's.
                        let readable = |file: &PathBuf| std::fs::File::open(file).is_ok();
                        trust.certificate = access.certificate.filter(readable);
                        url.clone()
                    }
                    None => {
                        let base = base_of(access.listener, access.certificate.is_some())?;
                        trust.certificate = access.certificate;
                        base
                    }
                };
                let token = match token {
                    Some(token) => token,
                    None => read_token(&access.token_file)?,
                };
                (base, token)
            }
        };
        Ok(Session {
            client: Client::trusting(&base, token, &trust)?,
            clock,
            runtime: runtime()?,
        })
    }

    /// The token that does not need the configuration to be found.
    fn given_token(&self, variable: Option<String>) -> Result<Option<Secret>, CliError> {
        // The file wins over the variable, which may be left over from another shell.
        match &self.token_file {
            Some(file) => read_token(file).map(Some),
            None => Ok(variable.map(Secret::new)),
        }
    }

    /// Whether the caller named a gateway that may be on another machine.
    pub(crate) const fn names_address(&self) -> bool {
        self.url.is_some()
    }
}

impl Session {
    /// Sends one request and waits for its response.
    pub(crate) fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, CliError> {
        self.runtime.block_on(call).map_err(CliError::Client)
    }

    /// Waits for work of more than one request.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Prints the open notices after each command, so that an expiry surprises no person. Programs are
    /// not told, and a failure is no error.
    pub(crate) fn remind(&self, output: &Output) {
        // Programs compare output, and a reminder would be new in it every day.
        if output.is_json() {
            return;
        }
        // The command is done: a slow gateway must not hold its caller.
        let client = self.client.clone().with_deadline(REMINDER_DEADLINE);
        // An error is swallowed: the command itself has succeeded.
        if let Ok(notices) = self.runtime.block_on(client.notices()) {
            // One line, however many there are: it must not push the command's own output away.
            match notices.len() {
                0 => {}
                1 => output.notice("1 notice is open: `waybill notices` prints it"),
                count => output.notice(&format!(
                    "{count} notices are open: `waybill notices` prints them"
                )),
            }
        }
    }
}

/// A runtime for one command.
fn runtime() -> Result<Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::Running(anyhow!("cannot start: {error}")))
}

/// A listener on every address is reached on this machine.
fn base_of(listener: SocketAddr, tls: bool) -> Result<String, CliError> {
    // Port 0 in a configuration says nothing about the port that was chosen.
    if listener.port() == 0 {
        return Err(CliError::Usage(anyhow!(
            "the configuration lets the system choose the admin listener's port: name the address \
             that `waybill serve` printed with --url or WAYBILL_ADMIN_URL"
        )));
    }
    let ip = match listener.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let scheme = if tls { "https" } else { "http" };
    Ok(format!(
        "{scheme}://{}",
        SocketAddr::new(ip, listener.port())
    ))
}

fn read_token(file: &Path) -> Result<Secret, CliError> {
    secret_input::from_file(file).map_err(|problem| CliError::NoToken {
        file: file.display().to_string(),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listener_on_every_address_is_asked_on_this_machine() {
        for (listener, base) in [
            ("0.0.0.0:8081", "http://127.0.0.1:8081"),
            ("[::]:9", "http://[::1]:9"),
            ("10.1.2.3:4", "http://10.1.2.3:4"),
        ] {
            let listener = listener.parse().expect("an address");
            assert_eq!(base_of(listener, false).expect("it has a port"), base);
            let secure = base.replace("http", "https");
            assert_eq!(base_of(listener, true).expect("it has a port"), secure);
        }
        let chosen = "127.0.0.1:0".parse().expect("an address");
        let error = base_of(chosen, false).expect_err("nobody knows the port");
        assert!(error.to_string().contains("--url"), "{error}");
    }
}

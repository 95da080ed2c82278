//! What every candidate finds: a folder, processors, the carrier, and the token that it wants to see.

use crate::{
    certificate::certificate, form::Form, http::get, machine::Plan, options::Options,
    server::Server,
};
use anyhow::{Context as _, Result};
use benches::ask::Ask;
use http::Request;
use serde_json::Value;
use std::{
    env,
    ffi::OsStr,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// What every candidate finds.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) folder: TempDir,
    pub(crate) carrier: Carrier,
    /// A valid access token for the candidates that cannot get one themselves.
    pub(crate) token: String,
    /// The request of the load.
    pub(crate) ask: Ask,
}

/// More token requests than any journal here keeps.
pub(crate) const ALL: usize = 10_000_000;

/// A running mock, or a stand-in that answers what the mock cannot.
pub(crate) struct Carrier {
    /// Its plaintext side.
    pub(crate) addr: SocketAddr,
    /// Its TLS side, and the file with the authority that signed it.
    pub(crate) tls: SocketAddr,
    pub(crate) ca_file: PathBuf,
    server: Server,
}

/// How a mock differs from its defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mock {
    /// Requests that its journal keeps.
    pub(crate) journal: usize,
    /// Clients beside `mock-client`; see [`client_id`].
    pub(crate) clients: usize,
    /// Whether it runs only when no other process wants the processor.
    pub(crate) gives_way: bool,
}

/// The name of an account, and of its oauth client.
pub(crate) fn client_id(at: usize) -> String {
    format!("client-{at}")
}

impl World {
    pub(crate) fn start(options: &Options) -> Result<Self> {
        Self::start_with(options, Plan::new(options.workers), &Mock::default())
    }

    pub(crate) fn start_with(options: &Options, plan: Plan, mock: &Mock) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let carrier = Carrier::of_the_form(options, "carrier", &plan.backend, folder.path(), mock)?;
        Ok(Self {
            plan,
            token: carrier.token()?,
            folder,
            carrier,
            ask: options.form.ask(),
        })
    }
}

impl Carrier {
    /// Starts the carrier that has answers to this form of load.
    pub(crate) fn of_the_form(
        options: &Options,
        name: &str,
        processors: &[usize],
        folder: &Path,
        mock: &Mock,
    ) -> Result<Self> {
        match options.form {
            Form::Shop => Self::start(options, name, processors, folder, mock),
            Form::Get | Form::Answer100K | Form::Answer1M | Form::Upload64K | Form::Upload1M => {
                Self::stand_in(name, processors, folder)
            }
        }
    }

    /// Starts the bench's own stand-in ([`crate::hand_made::carrier`]).
    fn stand_in(name: &str, processors: &[usize], folder: &Path) -> Result<Self> {
        let (ca_file, key) = certificate(folder)?;
        let workers = processors.len().to_string();
        let arguments: [&OsStr; 7] = [
            "carrier".as_ref(),
            "--workers".as_ref(),
            workers.as_ref(),
            "--cert".as_ref(),
            ca_file.as_ref(),
            "--key".as_ref(),
            key.as_ref(),
        ];
        let program = env::current_exe()?;
        let mut server = Server::start(name, &program, &arguments, processors, folder)?;
        Ok(Self {
            addr: server.address("listening on http")?,
            tls: server.address("listening on https")?,
            ca_file,
            server,
        })
    }

    /// Starts a mock on these processors.
    pub(crate) fn start(
        options: &Options,
        name: &str,
        processors: &[usize],
        folder: &Path,
        mock: &Mock,
    ) -> Result<Self> {
        let workers = processors.len().to_string();
        let journal = mock.journal.to_string();
        let data = folder.join(format!("{name}.toml"));
        fs::write(&data, seed(mock.clients))?;
        let data = data.to_string_lossy();
        let arguments = [
            "--listen",
            "127.0.0.1:0",
            "--tls-listen",
            "127.0.0.1:0",
            "--journal",
            &journal,
            "--workers",
            &workers,
            "--data",
            &data,
        ];
        let mut arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut program = options.mock_ups.as_path();
        if mock.gives_way {
            // Not `nice`: there the scheduler lets it end its slice of some milliseconds first.
            arguments.splice(
                ..0,
                [OsStr::new("--idle"), OsStr::new("0"), program.as_os_str()],
            );
            program = Path::new("chrt");
        }
        let mut server = Server::start(name, program, &arguments, processors, folder)?;
        let addr = server.address("listening on http")?;
        let tls = server.address("listening on https")?;
        let ca_file = folder.join(format!("{name}-ca.pem"));
        fs::write(&ca_file, get(addr, Request::get("/__mock/ca.pem"), "")?)?;
        Ok(Self {
            addr,
            tls,
            ca_file,
            server,
        })
    }

    /// What the candidates that inject a fixed header inject.
    pub(crate) fn token(&self) -> Result<String> {
        let request = Request::post("/security/v1/oauth/token")
            // mock-client:mock-secret
            .header("authorization", "Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = get(self.addr, request, "grant_type=client_credentials")?;
        let answer: Value = serde_json::from_slice(&answer)?;
        Ok(answer["access_token"]
            .as_str()
            .context("the mock gave no token")?
            .to_owned())
    }

    /// Ends it in good order.
    pub(crate) fn stop(self) -> Result<()> {
        self.server.stop()
    }

    /// Its process.
    pub(crate) fn into_server(self) -> Server {
        self.server
    }

    /// Sends a command to its control interface.
    pub(crate) fn command(&self, request: http::request::Builder, body: &str) -> Result<()> {
        let done = get(self.addr, request, body);
        done.map(drop).map_err(|error| self.server.explain(error))
    }

    /// The newest token requests in its journal, as far as the filter lets them through, and how many
    /// requests of any kind the journal has lost.
    pub(crate) fn token_requests(&self, filter: &str, limit: usize) -> Result<(Vec<Value>, u64)> {
        let path = format!("/__mock/journal?endpoint=token&limit={limit}{filter}");
        let journal = get(self.addr, Request::get(path), "");
        let journal = journal.map_err(|error| self.server.explain(error))?;
        let mut journal: Value = serde_json::from_slice(&journal)?;
        let lost = journal["lost"].as_u64();
        let Value::Array(entries) = journal["entries"].take() else {
            anyhow::bail!("the journal has no entries");
        };
        Ok((
            entries,
            lost.context("the journal does not say what it lost")?,
        ))
    }
}

/// The mock's data: one merchant, `mock-client`, and as many clients as wanted.
fn seed(clients: usize) -> String {
    let app = |id: &str| {
        format!(
            "[[app]]\nclient_id = \"{id}\"\nclient_secret = \"mock-secret\"\nname = \"Load\"\n\
             owner = \"merchant\"\n"
        )
    };
    let user = "[[user]]\nname = \"merchant\"\npassword = \"parcel-1\"\n\
                [[user.account]]\nnumber = \"A1B2C3\"\nnegotiated_rates = true\n";
    let ids = (0..clients).map(client_id);
    let apps: String = ids.map(|id| app(&id)).collect();
    format!("{user}{}{apps}", app("mock-client"))
}

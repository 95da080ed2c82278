//! The program: one stand-in until Ctrl-C.

use crate::{carriers, mock::MockCarrier};
use clap::{CommandFactory as _, Parser, builder::PossibleValuesParser};
use std::{
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
};

/// The end of the help.
const EXAMPLES: &str = "\
Examples:
  mock-carrier --carrier fedex
  mock-carrier --carrier usps --listen 127.0.0.1:8090
  mock-carrier --man > mock-carrier.1";

/// A stand-in of a carrier: its token endpoint and one API call, for development without credentials.
#[derive(Debug, Parser)]
#[command(name = "mock-carrier", version, after_help = EXAMPLES)]
pub struct Options {
    /// The carrier
    #[arg(long, required_unless_present = "man", value_parser = PossibleValuesParser::new(carriers::names()))]
    carrier: Option<String>,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Prints the manual page and ends
    #[arg(long, exclusive = true)]
    man: bool,
}

/// Runs the stand-in until Ctrl-C.
pub async fn run(options: Options) -> ExitCode {
    if options.man {
        let printed = clap_mangen::Man::new(Options::command()).render(&mut io::stdout());
        return match printed {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let listen = options.listen;
            // Standard error is the last place; if it is closed, the exit code still says it.
            let _ = writeln!(
                io::stderr(),
                "mock-carrier cannot listen on {listen}: {error}; choose another address with --listen"
            );
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> io::Result<()> {
    let unknown = || io::Error::other("no such carrier");
    let carrier = options.carrier.as_deref();
    let carrier = carrier.and_then(carriers::carrier).ok_or_else(unknown)?;
    let mock = MockCarrier::builder(carrier)
        .listen(options.listen)
        .start()
        .await?;
    {
        let mut out = io::stdout().lock();
        writeln!(out, "{} listening on {}", carrier.name, mock.base_url())?;
        for (name, value) in carrier.secrets {
            writeln!(out, "{name} = {value}")?;
        }
        writeln!(out, "account_number = {}", carrier.account)?;
        for endpoint in carrier.endpoints {
            let methods = endpoint.methods.join(", ");
            writeln!(out, "{}: {methods} {}", endpoint.name, endpoint.path)?;
        }
        out.flush()?;
    }
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLES, Options};
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn examples_of_the_help_parse() {
        Options::command().debug_assert();
        let help = Options::command().render_long_help().to_string();
        assert!(help.contains(EXAMPLES), "{help}");
        for line in EXAMPLES.lines().skip(1) {
            // What stands behind this sign is the shell's.
            let typed = line.split('>').next().unwrap_or(line);
            let parsed = Options::try_parse_from(typed.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
        }
    }
}

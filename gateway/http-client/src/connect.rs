//! DNS and TCP.

use crate::{HttpError, HttpErrorKind, progress::Progress, target::Target};
use std::time::Duration;
use tokio::net::TcpStream;

/// One unreachable address of several must not use up the whole deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the first of the host's addresses that accepts.
pub(crate) async fn connect(target: &Target, progress: &Progress) -> Result<TcpStream, HttpError> {
    let addresses: Vec<_> = tokio::net::lookup_host((target.host.as_str(), target.port))
        .await
        .map_err(|cause| {
            let message = format!("{} was not resolved: {cause}", target.host);
            HttpError::new(HttpErrorKind::Dns, message)
        })?
        .collect();
    // From here on the name is known, so a deadline is the network's.
    progress.begin(HttpErrorKind::Connect);
    let mut last = HttpError::new(
        HttpErrorKind::Dns,
        format!("{} has no address", target.host),
    );
    // The system has put the better addresses first (RFC 6724).
    for address in addresses {
        let attempt = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
        let message = match attempt {
            Ok(Ok(stream)) => {
                // A socket that refuses TCP_NODELAY still works; it is only slower.
                drop(stream.set_nodelay(true));
                return Ok(stream);
            }
            Ok(Err(cause)) => format!("no connection to {address}: {cause}"),
            Err(_elapsed) => format!("no connection to {address} in time"),
        };
        last = HttpError::new(HttpErrorKind::Connect, message);
    }
    Err(last)
}

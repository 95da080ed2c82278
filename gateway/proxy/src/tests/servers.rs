//! What can serve HTTP/1 towards apps; the tests of a connection's life run against each.

use super::harness::Wants;
use crate::{Http1Server, Limits};

pub(super) const SERVERS: [Http1Server; 2] = [Http1Server::Own, Http1Server::Hyper];

/// The default limits, with this server.
pub(super) fn served_by(http1_server: Http1Server) -> Limits {
    Limits {
        http1_server,
        ..Limits::default()
    }
}

/// Nothing different but the server.
pub(super) fn wants(server: Http1Server) -> Wants {
    Wants {
        limits: served_by(server),
        ..Wants::default()
    }
}

//! What the two processes say to each other: one JSON object for each line.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Changes when the steps or the meaning of a message change. Two processes with different numbers do not
/// hand anything over.
pub(super) const PROTOCOL: u32 = 1;

/// Who wants to take over, or whom from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(super) protocol: u32,
    pub(super) version: String,
    /// The schema of the store that this program writes.
    pub(super) schema: i64,
    /// The store that the configuration names; none for a store in memory.
    pub(super) store: Option<String>,
}

impl Hello {
    pub(crate) fn new(schema: i64, store: Option<String>) -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            store,
        }
    }

    /// Why the running gateway, which says this, hands nothing over to `new`.
    pub(super) fn objection(&self, new: &Self) -> Option<String> {
        if new.protocol != self.protocol {
            return Some(format!(
                "the running gateway (version {}) hands over by protocol {} and this program (version \
                 {}) takes over by protocol {}: stop the running gateway, then start this one",
                self.version, self.protocol, new.version, new.protocol
            ));
        }
        if new.schema != self.schema {
            return Some(format!(
                "version {} would change the tables of the store ({} to {}), which the running gateway \
                 (version {}) could not use any more: stop the running gateway, then start this one",
                new.version, self.schema, new.schema, self.version
            ));
        }
        if self.store.is_none() || new.store.is_none() {
            return Some(
                "a store in memory cannot be handed over: name a file or a PostgreSQL database in \
                 [store], or restart the gateway"
                    .to_owned(),
            );
        }
        (new.store != self.store).then(|| {
            "the running gateway uses another store: give both the same [store], or another \
             token_file of [admin] if they are two gateways"
                .to_owned()
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// From the new process, first.
    Hello(Hello),
    /// The running gateway hands over.
    Welcome,
    /// It does not.
    Refused { why: String },
    /// The new process is ready for the store.
    Release,
    /// A listening socket, whose descriptor comes with this message.
    Socket { addr: SocketAddr },
    /// The admin listener's socket, likewise.
    AdminSocket,
    /// The store is closed, and all sockets are sent.
    Released,
    /// The new process serves.
    Serving,
    /// The new process ends without having served.
    Failed { why: String },
    /// The running gateway lets the new process go on alone.
    Confirmed,
    /// The running gateway goes on by itself: the new process must end.
    Cancelled { why: String },
}

#[cfg(test)]
mod tests {
    use super::Hello;

    fn hello(change: impl FnOnce(&mut Hello)) -> Hello {
        let mut hello = Hello::new(7, Some("sqlite 1:2".to_owned()));
        change(&mut hello);
        hello
    }

    #[test]
    fn only_what_fits_is_handed_over() {
        let running = hello(|_| {});
        assert_eq!(running.objection(&hello(|_| {})), None);
        // An upgrade is what this is for.
        assert_eq!(
            running.objection(&hello(|new| new.version = "9.9.9".into())),
            None
        );
        let objects = |change: &dyn Fn(&mut Hello), part: &str| {
            let why = running.objection(&hello(change)).expect("an objection");
            assert!(why.contains(part), "{why}");
        };
        objects(&|new| new.protocol += 1, "protocol 2");
        objects(&|new| new.schema += 1, "tables of the store");
        objects(
            &|new| new.store = Some("sqlite 1:3".into()),
            "another store",
        );
        objects(&|new| new.store = None, "in memory");
    }
}

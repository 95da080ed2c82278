//! The parts of the suite, each of which can run in a process of its own.

use crate::{
    Suite, api, authorize, configure, consent, handshake, recorder::Recorder, sign, worker,
};

/// A part of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The versions of the ABI.
    Handshake,
    /// What the manifest says about the carrier's API.
    Api,
    /// Configurations, good and bad.
    Configurations,
    /// Authorizations and hostile carriers.
    Authorizations,
    /// Consents and logins.
    Consents,
    /// Signatures.
    Signatures,
    /// The plugin in a worker process.
    Worker,
}

impl Section {
    /// From the outside in: what fails early makes later findings follow.
    pub const ALL: [Self; 7] = [
        Self::Handshake,
        Self::Api,
        Self::Configurations,
        Self::Authorizations,
        Self::Consents,
        Self::Signatures,
        Self::Worker,
    ];

    /// Its name on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Api => "api",
            Self::Configurations => "configurations",
            Self::Authorizations => "authorizations",
            Self::Consents => "consents",
            Self::Signatures => "signatures",
            Self::Worker => "worker",
        }
    }

    /// The section of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    /// The names of all its checks, in order.
    pub const fn checks(self) -> &'static [&'static str] {
        match self {
            Self::Handshake => handshake::CHECKS,
            Self::Api => api::CHECKS,
            Self::Configurations => configure::CHECKS,
            Self::Authorizations => authorize::CHECKS,
            Self::Consents => consent::CHECKS,
            Self::Signatures => sign::CHECKS,
            Self::Worker => worker::CHECKS,
        }
    }

    pub(crate) async fn run(self, suite: &Suite<'_>, recorder: &mut Recorder<'_>) {
        match self {
            Self::Handshake => handshake::check(suite, recorder),
            Self::Api => api::check(suite, recorder),
            Self::Configurations => configure::check(suite, recorder).await,
            Self::Authorizations => authorize::check(suite, recorder).await,
            Self::Consents => consent::check(suite, recorder).await,
            Self::Signatures => sign::check(suite, recorder).await,
            Self::Worker => worker::check(suite, recorder).await,
        }
    }
}

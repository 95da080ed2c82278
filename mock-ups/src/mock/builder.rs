//! Sets a mock up and starts it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::api::{Environment, Product};
use crate::config::Settings;
use crate::data::SeedData;
use crate::mock_state::{InitialState, MockState};
use crate::products::rating::Tariff;
use crate::serving::listener::{self, Role};

use super::MockUps;

/// Sets a mock up. See [`MockUps::builder`].
#[must_use = "nothing runs until `start`"]
pub struct Builder {
    pub(super) initial: InitialState,
    pub(super) address: SocketAddr,
    pub(super) tls: bool,
}

impl Builder {
    /// The seed of everything random: tokens, ids, fault draws.
    pub fn seed(mut self, seed: u64) -> Self {
        self.initial.seed = seed;
        self
    }

    /// Other users, accounts and apps.
    pub fn data(mut self, data: SeedData) -> Self {
        self.initial.data = data;
        self
    }

    /// One more redirect URI for each app, such as one with a port that was just bound.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.initial.redirect_uris.push(uri.into());
        self
    }

    /// Changes the settings.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.initial.settings);
        self
    }

    /// The lifetime of access tokens.
    pub fn access_token_lifetime(self, lifetime: Duration) -> Self {
        self.settings(|settings| settings.access_token_lifetime = lifetime.as_secs())
    }

    /// How many requests the journal keeps; 0 turns it off.
    pub fn journal_capacity(mut self, entries: usize) -> Self {
        self.initial.journal_capacity = entries;
        self
    }

    /// Prices by another tariff than the default one.
    pub fn tariff(mut self, tariff: Tariff) -> Self {
        self.initial.tariff = Some(tariff);
        self
    }

    /// Replaces the products below `/api`.
    pub fn products(mut self, products: Vec<Box<dyn Product>>) -> Self {
        self.initial.products = Some(products);
        self
    }

    /// The clock stands still at this time from the start.
    pub fn frozen_at(mut self, at: Timestamp) -> Self {
        self.initial.frozen_at = Some(at);
        self
    }

    /// Another address for the test environment; port 0 means a free one.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Listens with TLS, too, by a certificate of an authority of its own.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Binds, then serves on the current tokio runtime.
    ///
    /// # Errors
    /// If a port cannot be bound.
    #[expect(
        clippy::unused_async,
        reason = "must run inside a runtime, and may wait in future"
    )]
    pub async fn start(self) -> io::Result<MockUps> {
        let mock = Arc::new(MockState::new(self.initial));
        // The other listeners share the address but never the port that was asked for.
        let free = SocketAddr::new(self.address.ip(), 0);
        let mut plan = vec![
            (self.address, Environment::Cie, None),
            (free, Environment::Production, None),
        ];
        if self.tls {
            // The certificate must name the address that clients are given.
            let acceptor = mock.generate_tls(free.ip()).map_err(io::Error::other)?;
            plan.push((free, Environment::Cie, Some(acceptor)));
        }
        let (stop, stopped) = watch::channel(false);
        let mut addresses = Vec::new();
        let mut listeners = Vec::new();
        for (address, environment, tls) in plan {
            // Exclusive: a port that is taken must fail and not be shared.
            let listener = listener::bind(address, false)?;
            // Asked after binding, as port 0 becomes a real one only then.
            addresses.push(listener.local_addr()?);
            let role = Role {
                mock: Arc::clone(&mock),
                environment,
                tls,
            };
            listeners.push(tokio::spawn(listener::serve(
                listener,
                role,
                stopped.clone(),
            )));
        }
        let pushing = crate::push::run(Arc::clone(&mock), stopped);
        listeners.push(tokio::spawn(async move {
            pushing.await;
            Ok(())
        }));
        Ok(MockUps {
            mock,
            // In the order of the plan.
            address: addresses[0],
            production_address: addresses[1],
            tls_address: addresses.get(2).copied(),
            stop,
            listeners,
        })
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

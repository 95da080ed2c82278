//! Faults on demand: which calls are hit, and what happens to them.

mod action;
mod plan;
mod scenario;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::Environment;
use crate::endpoint::Endpoint;
use crate::span::Span;

pub use action::{Action, CannedResponse, Latency};
pub(crate) use plan::{FaultEffect, FaultPlan, Target};
pub use scenario::{Scenario, ScenarioError};

/// A fault: the calls it is for, when, and what happens. Without limits it hits every call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a fault does nothing until it is added"]
pub struct Fault {
    /// What happens.
    pub play: Action,
    /// The name in the journal; the action's, if there is none.
    #[serde(default)]
    pub name: Option<String>,
    /// Only this endpoint.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// Only targets (path and query) that contain this text.
    #[serde(default)]
    pub path: Option<String>,
    /// Only calls of this oauth client.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Only this environment.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// Lets this many matching calls pass first.
    #[serde(default)]
    pub after: u64,
    /// Ends after hitting this many calls.
    #[serde(default)]
    pub times: Option<u64>,
    /// Hits a matching call with this probability, from 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// Begins this long after it was added, by the mock's clock.
    #[serde(default)]
    pub starts_in: Option<Span>,
    /// Ends this long after it began, by the mock's clock.
    #[serde(default)]
    pub lasts: Option<Span>,
    /// Carries the call out first, so that its effects stand, and spoils the answer only.
    #[serde(default)]
    pub carry_out: bool,
}

const fn always() -> f64 {
    1.0
}

impl Fault {
    /// A fault that hits every call.
    pub fn new(play: Action) -> Self {
        Self {
            play,
            name: None,
            endpoint: None,
            path: None,
            client_id: None,
            environment: None,
            after: 0,
            times: None,
            probability: always(),
            starts_in: None,
            lasts: None,
            carry_out: false,
        }
    }

    /// A UPS error instead of the answer.
    pub fn error(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Action::Answer(CannedResponse::error(status, code, message)))
    }

    /// Only this endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Only targets that contain this text.
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Only calls of this oauth client.
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Only this environment.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Lets this many matching calls pass first.
    pub fn after(mut self, calls: u64) -> Self {
        self.after = calls;
        self
    }

    /// Ends after this many hits.
    pub fn times(mut self, hits: u64) -> Self {
        self.times = Some(hits);
        self
    }

    /// Hits with this probability, from 0 to 1.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Begins this long after it was added, by the mock's clock.
    pub fn starts_in(mut self, delay: Duration) -> Self {
        self.starts_in = Some(Span(delay));
        self
    }

    /// Ends this long after it began, by the mock's clock.
    pub fn lasts(mut self, duration: Duration) -> Self {
        self.lasts = Some(Span(duration));
        self
    }

    /// Carries the call out first and spoils the answer only.
    pub fn carry_out(mut self) -> Self {
        self.carry_out = true;
        self
    }

    /// The name in the journal.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

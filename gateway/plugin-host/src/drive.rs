//! Carries out one authorization: calls the plugin, does what it asks for, tells it what happened.

mod exchange;
mod judge;
mod request;

use crate::{
    Authorization, Breach, Instance, Issued, Reason,
    instance::{self, Beginning, Happened, OpHandle, Step},
    sink::{Asked, Emission},
};
use exchange::{Exchange, Outcome};
use gateway_http_client::HttpClient;
use gateway_model::{Failure, FailureClass};
use judge::{Occasion, Verdict};
use plugins_abi::{Capabilities, EventKind, Network};
use std::{collections::HashSet, sync::Arc};

pub(crate) async fn authorize(
    instance: &Instance,
    authorization: Authorization,
    http: &dyn HttpClient,
) -> Result<Issued, Failure> {
    let plugin = instance.plugin();
    let unsent = |mut failure: Failure| {
        failure.certainly_not_sent = true;
        failure
    };
    plugin.health.admit().map_err(unsent)?;
    let _permit = plugin.host.admit().map_err(unsent)?;
    let beginning = beginning(instance, authorization).map_err(unsent)?;
    let mut drive = Drive {
        instance,
        exchange: Exchange::new(http, instance.limits),
        used: HashSet::new(),
        steps: 0,
    };
    let run = drive.run(beginning);
    let result = match tokio::time::timeout(instance.limits.deadline, run).await {
        Ok(result) => result,
        Err(_) => Err(timeout(instance)),
    };
    result.map_err(|mut failure| {
        failure.certainly_not_sent = drive.exchange.nothing_was_sent();
        failure
    })
}

fn timeout(instance: &Instance) -> Failure {
    let name = &instance.plugin().manifest.name;
    let limit = instance.limits.deadline.as_millis();
    let message = format!("the authorization by plugin {name} took longer than {limit} ms");
    Failure::new(FailureClass::Transient, "timeout", message)
}

/// One of the manifest's slots, or none if there is only one.
pub(crate) fn check_slot(instance: &Instance, slot: &str) -> Result<(), Failure> {
    let manifest = &instance.plugin().manifest;
    let only = slot.is_empty() && manifest.slots.len() == 1;
    if only || manifest.slots.iter().any(|known| known == slot) {
        return Ok(());
    }
    let known = manifest.slots.join(", ");
    let message = format!("plugin {} has the slots {known}: name one", manifest.name);
    Err(config("unknown_slot", message))
}

fn config(code: &str, message: String) -> Failure {
    Failure::new(FailureClass::Config, code, message)
}

fn beginning(instance: &Instance, with: Authorization) -> Result<Beginning, Failure> {
    check_slot(instance, &with.slot)?;
    let plugin = instance.plugin();
    let able = match with.reason {
        Reason::Fetch | Reason::Refresh | Reason::UpstreamRejected => true,
        Reason::AuthCode => plugin.table.can(Capabilities::AUTH_CODE),
        Reason::Revoke => plugin.table.can(Capabilities::REVOKE),
    };
    if !able {
        let name = &plugin.manifest.name;
        let message = format!("plugin {name} does not know this kind of authorization");
        return Err(config("unsupported", message));
    }
    let limits = &instance.limits;
    if with.params.len() > limits.fields || with.state.expose().len() > limits.state {
        let message = "the parameters or the state of the authorization are too long".into();
        return Err(config("too_long", message));
    }
    Ok(Beginning {
        reason: match with.reason {
            Reason::Fetch => plugins_abi::Reason::FETCH,
            Reason::Refresh => plugins_abi::Reason::REFRESH,
            Reason::UpstreamRejected => plugins_abi::Reason::UPSTREAM_REJECTED,
            Reason::AuthCode => plugins_abi::Reason::AUTH_CODE,
            Reason::Revoke => plugins_abi::Reason::REVOKE,
        },
        slot: with.slot,
        state: with.state,
        params: with.params,
    })
}

/// One authorization under way.
struct Drive<'a> {
    instance: &'a Instance,
    exchange: Exchange<'a>,
    used: HashSet<u64>,
    steps: usize,
}

impl Drive<'_> {
    async fn run(&mut self, beginning: Beginning) -> Result<Issued, Failure> {
        let (handle, limits) = (Arc::clone(&self.instance.handle), self.instance.limits);
        let revokes = beginning.reason == plugins_abi::Reason::REVOKE;
        let mut step = self
            .call(move || instance::begin(handle, &beginning, limits))
            .await?;
        loop {
            let occasion = Occasion {
                begins: self.steps == 1,
                revokes,
            };
            let Step {
                status,
                emitted,
                op,
            } = step;
            let emissions = match judge::judge(status, emitted, occasion) {
                Ok(Verdict::Issued(issued)) => return Ok(issued),
                Ok(Verdict::Failed(failure)) => return Err(self.failed(failure)),
                Ok(Verdict::Wants(emissions)) => emissions,
                Err(breach) => return Err(self.breach(&breach)),
            };
            let applied = self.apply(emissions);
            let checked = applied.and_then(|()| op.ok_or(Breach::NoHandle));
            let op = checked.map_err(|breach| self.breach(&breach))?;
            let Some(outcome) = self.exchange.next().await else {
                return Err(self.breach(&Breach::Stalled));
            };
            step = self.resume(op, outcome).await?;
        }
    }

    async fn resume(&mut self, op: OpHandle, outcome: Outcome) -> Result<Step, Failure> {
        if self.steps >= self.instance.limits.steps {
            let breach = Breach::TooManySteps(self.instance.limits.steps);
            return Err(self.breach(&breach));
        }
        let limits = self.instance.limits;
        let happened: Happened = outcome.into();
        self.call(move || instance::resume(op, &happened, limits))
            .await
    }

    /// One step. If the caller loses interest meanwhile, the step's handle is freed by the pool.
    async fn call(
        &mut self,
        call: impl FnOnce() -> Step + Send + 'static,
    ) -> Result<Step, Failure> {
        self.steps += 1;
        let plugin = self.instance.plugin();
        plugin.host.call(&plugin.health, call).await
    }

    /// Starts what the plugin asked for.
    fn apply(&mut self, emissions: Vec<Emission>) -> Result<(), Breach> {
        for emission in emissions {
            match emission {
                Emission::Http(asked) => {
                    self.fresh(asked.id)?;
                    self.start(asked)?;
                }
                Emission::Timer { id, delay_ms } => {
                    self.fresh(id)?;
                    self.exchange.start_timer(id, delay_ms);
                }
                Emission::Cancel { id } => self.exchange.cancel(id),
            }
            let max = self.instance.limits.outstanding;
            if self.exchange.outstanding() > max {
                let what = "outstanding requests and timers";
                return Err(Breach::TooMany { what, max });
            }
        }
        Ok(())
    }

    fn start(&mut self, asked: Asked) -> Result<(), Breach> {
        let id = asked.id;
        match request::check(self.instance, asked) {
            Ok(request) => self.exchange.start_request(id, request),
            Err(request::Problem::Denied(why)) => self.exchange.deny(id, why),
            Err(request::Problem::Breach(breach)) => return Err(breach),
        }
        Ok(())
    }

    fn fresh(&mut self, id: u64) -> Result<(), Breach> {
        if self.used.insert(id) {
            Ok(())
        } else {
            Err(Breach::ReusedId(id))
        }
    }

    /// A failure that the plugin reported.
    fn failed(&self, failure: Failure) -> Failure {
        if failure.class == FailureClass::Bug {
            self.instance.plugin().health.bug();
        }
        failure
    }

    fn breach(&self, breach: &Breach) -> Failure {
        let plugin = self.instance.plugin();
        plugin.health.bug();
        let failure = breach.failure(&plugin.manifest.name);
        tracing::error!(
            plugin = plugin.manifest.name,
            code = failure.code,
            "{breach}"
        );
        failure
    }
}

impl From<Outcome> for Happened {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Response(id, response) => Self {
                kind: EventKind::HTTP_RESPONSE,
                id,
                status: response.status.as_u16().into(),
                fields: exchange::fields(&response.headers),
                body: response.body,
            },
            Outcome::Error(id, error) => Self {
                kind: EventKind::HTTP_ERROR,
                id,
                status: exchange::network(error.kind),
                fields: Vec::new(),
                body: error.message.into_bytes().into(),
            },
            Outcome::Timer(id) => Self {
                kind: EventKind::TIMER,
                id,
                status: Network::OTHER,
                fields: Vec::new(),
                body: bytes::Bytes::new(),
            },
        }
    }
}

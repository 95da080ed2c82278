//! Carries out one authorization: calls the plugin, does what it asks for, tells it what happened.

mod exchange;
mod judge;
mod request;
mod slots;

use crate::{
    Authorization, AuthorizationReason, Instance, Issued, Violation,
    call::{BeginArgs, EventArgs, Returned},
    handle::{self, OpHandle},
    sink::{Emission, EmittedRequest},
};
use exchange::{Exchange, ExchangeEvent};
use gateway_http_client::HttpClient;
use gateway_model::{Failure, FailureClass};
use judge::{StepContext, Verdict};
use plugins_abi::{Capabilities, EventKind, Network, Reason};
use std::{collections::HashSet, sync::Arc};

impl Instance {
    /// Carries out one authorization, its requests made by `http`. Dropping the future cancels it.
    ///
    /// It needs a Tokio runtime with time enabled.
    ///
    /// # Errors
    /// With whose turn it is. A plugin that breaks its contract ends with class *bug*.
    pub async fn authorize(
        &self,
        authorization: Authorization,
        http: &dyn HttpClient,
    ) -> Result<Issued, Failure> {
        let plugin = self.plugin();
        let unsent = |mut failure: Failure| {
            failure.certainly_not_sent = true;
            failure
        };
        // Before a permit is taken: a quarantined plugin must not use up the places of the others.
        plugin.health.admit().map_err(unsent)?;
        let _permit = plugin.host.admit().map_err(unsent)?;
        let args = begin_args(self, authorization).map_err(unsent)?;
        let mut drive = Drive {
            instance: self,
            exchange: Exchange::new(http, self.limits),
            used: HashSet::new(),
            steps: 0,
            denied: None,
        };
        let run = drive.run(args);
        // One deadline around all steps: a plugin could otherwise stay within each limit for ever.
        let result = match tokio::time::timeout(self.limits.deadline, run).await {
            Ok(result) => result,
            Err(_) => Err(timeout(self)),
        };
        result.map_err(|mut failure| {
            // Only the exchange knows whether a request left this machine; the plugin cannot say it.
            failure.certainly_not_sent = drive.exchange.nothing_was_sent();
            if let Some(why) = &drive.denied {
                // The plugin was told the rule, and may not pass it on.
                failure.message = format!("{}; a request was not made: {why}", failure.message);
            }
            failure
        })
    }
}

fn timeout(instance: &Instance) -> Failure {
    let name = &instance.plugin().manifest.name;
    let limit = instance.limits.deadline.as_millis();
    let message = format!("the authorization by plugin {name} took longer than {limit} ms");
    Failure::new(FailureClass::Transient, "timeout", message)
}

fn config(code: &str, message: String) -> Failure {
    Failure::new(FailureClass::Config, code, message)
}

fn begin_args(instance: &Instance, with: Authorization) -> Result<BeginArgs, Failure> {
    let plugin = instance.plugin();
    plugin.check_slot(&with.slot)?;
    let able = match with.reason {
        AuthorizationReason::Fetch
        | AuthorizationReason::Refresh
        | AuthorizationReason::UpstreamRejected => true,
        AuthorizationReason::AuthCode => plugin.can(Capabilities::AUTH_CODE),
        AuthorizationReason::Revoke => plugin.can(Capabilities::REVOKE),
    };
    if !able {
        let name = &plugin.manifest.name;
        let message = format!("plugin {name} does not know this kind of authorization");
        return Err(config("unsupported", message));
    }
    let limits = &instance.limits;
    // Checked here, because the plugin would be blamed for what the gateway handed to it.
    if with.params.len() > limits.fields || with.state.expose().len() > limits.state {
        let message = "the parameters or the state of the authorization are too long".into();
        return Err(config("too_long", message));
    }
    Ok(BeginArgs {
        reason: match with.reason {
            AuthorizationReason::Fetch => Reason::FETCH,
            AuthorizationReason::Refresh => Reason::REFRESH,
            AuthorizationReason::UpstreamRejected => Reason::UPSTREAM_REJECTED,
            AuthorizationReason::AuthCode => Reason::AUTH_CODE,
            AuthorizationReason::Revoke => Reason::REVOKE,
        },
        slot: with.slot,
        state: with.state,
        params: with.params,
    })
}

/// What one call of an operation returned.
type Step = Returned<OpHandle>;

/// One authorization under way.
struct Drive<'a> {
    instance: &'a Instance,
    exchange: Exchange<'a>,
    used: HashSet<u64>,
    steps: usize,
    /// Why the first request that was not allowed was not made.
    denied: Option<String>,
}

impl Drive<'_> {
    async fn run(&mut self, args: BeginArgs) -> Result<Issued, Failure> {
        let (handle, limits) = (Arc::clone(&self.instance.handle), self.instance.limits);
        let revokes = args.reason == Reason::REVOKE;
        let mut step = self
            .call(move || handle::begin(handle, &args, limits))
            .await?;
        loop {
            let context = StepContext {
                begins: self.steps == 1,
                revokes,
                slots: &self.instance.plugin().manifest.slots,
            };
            let Returned {
                status,
                emitted,
                handle: op,
            } = step;
            let emissions = match judge::judge(status, emitted, context) {
                Ok(Verdict::Issued(issued)) => return Ok(issued),
                Ok(Verdict::Failed(failure)) => return Err(self.failed(failure)),
                Ok(Verdict::Wants(emissions)) => emissions,
                Err(violation) => return Err(self.violated(&violation)),
            };
            // Apply before the handle is looked at: a plugin may emit a violation and forget the handle,
            // and the violation says more.
            let applied = self.apply(emissions);
            let checked = applied.and_then(|()| op.ok_or(Violation::NoHandle));
            let op = checked.map_err(|violation| self.violated(&violation))?;
            let event = tokio::select! {
                // The event first: what the carrier answered is worth more than the news of a death.
                biased;
                event = self.exchange.next() => event,
                // At once, and not at the deadline: the operation is gone with its process.
                failure = op.lost() => return Err(failure),
            };
            let Some(event) = event else {
                return Err(self.violated(&Violation::Stalled));
            };
            step = self.resume(op, event).await?;
        }
    }

    async fn resume(&mut self, op: OpHandle, event: ExchangeEvent) -> Result<Step, Failure> {
        // Counted before the call, so that a loop between plugin and carrier ends.
        if self.steps >= self.instance.limits.steps {
            let violation = Violation::TooManySteps(self.instance.limits.steps);
            return Err(self.violated(&violation));
        }
        let limits = self.instance.limits;
        let args: EventArgs = event.into();
        self.call(move || handle::resume(op, &args, limits)).await
    }

    /// One step. If the caller drops the future meanwhile, the pool frees the step's handle.
    async fn call(
        &mut self,
        call: impl FnOnce() -> Result<Step, Failure> + Send + 'static,
    ) -> Result<Step, Failure> {
        // Counted before the call, so that the first one is known as the beginning.
        self.steps += 1;
        let plugin = self.instance.plugin();
        plugin.host.call(&plugin.health, call).await?
    }

    /// Starts what the plugin asked for.
    fn apply(&mut self, emissions: Vec<Emission>) -> Result<(), Violation> {
        for emission in emissions {
            match emission {
                Emission::Http(emitted) => {
                    self.claim_id(emitted.id)?;
                    self.start(emitted)?;
                }
                Emission::Timer { id, delay_ms } => {
                    self.claim_id(id)?;
                    self.exchange.start_timer(id, delay_ms);
                }
                Emission::Cancel { id } => self.exchange.cancel(id),
            }
            // After each emission, so that a plugin cannot start hundreds of requests in one call.
            let max = self.instance.limits.outstanding;
            // After each request, so that no single answer of a plugin can start too many.
            if self.exchange.outstanding() > max {
                let what = "outstanding requests and timers";
                return Err(Violation::TooMany { what, max });
            }
        }
        Ok(())
    }

    fn start(&mut self, emitted: EmittedRequest) -> Result<(), Violation> {
        let id = emitted.id;
        match request::check(self.instance, emitted) {
            Ok(request) => self.exchange.start_request(id, request),
            // Denied and not a violation: the plugin may know another way.
            Err(request::Rejection::Denied(why)) => {
                let plugin = &self.instance.plugin().manifest.name;
                tracing::warn!(plugin, "a request of plugin {plugin} is not made: {why}");
                self.denied.get_or_insert_with(|| why.clone());
                self.exchange.deny(id, why);
            }
            Err(request::Rejection::Violation(violation)) => return Err(violation),
        }
        Ok(())
    }

    /// An id names one request or timer for the whole operation: a late answer to an old one must not be
    /// taken for an answer to a new one.
    fn claim_id(&mut self, id: u64) -> Result<(), Violation> {
        if self.used.insert(id) {
            Ok(())
        } else {
            Err(Violation::ReusedId(id))
        }
    }

    /// A failure that the plugin reported.
    fn failed(&self, failure: Failure) -> Failure {
        if failure.class == FailureClass::Bug {
            self.instance.plugin().health.bug();
        }
        failure
    }

    fn violated(&self, violation: &Violation) -> Failure {
        let plugin = self.instance.plugin();
        plugin.health.bug();
        let failure = violation.failure(&plugin.manifest.name);
        tracing::error!(
            plugin = plugin.manifest.name,
            code = failure.code,
            "{violation}"
        );
        failure
    }
}

impl From<ExchangeEvent> for EventArgs {
    fn from(event: ExchangeEvent) -> Self {
        match event {
            ExchangeEvent::Response(id, response) => Self {
                kind: EventKind::HTTP_RESPONSE,
                id,
                status: response.status.as_u16().into(),
                fields: exchange::fields(&response.headers),
                body: response.body,
            },
            ExchangeEvent::Error(id, error) => Self {
                kind: EventKind::HTTP_ERROR,
                id,
                status: exchange::network(error.kind),
                fields: Vec::new(),
                body: error.message.into_bytes().into(),
            },
            ExchangeEvent::Timer(id) => Self {
                kind: EventKind::TIMER,
                id,
                status: Network::OTHER,
                fields: Vec::new(),
                body: bytes::Bytes::new(),
            },
        }
    }
}

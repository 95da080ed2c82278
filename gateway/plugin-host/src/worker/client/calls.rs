//! The calls of a plugin in a worker: each is a frame and its answer.

use super::{
    super::codec::{RequestFrame, Response},
    Address, WorkerClient, WorkerInstance, WorkerOp,
    connection::{Broken, Connection},
};
use crate::{
    Limits, Signing,
    call::{AuthorizeUrlResult, BeginArgs, EventArgs, Returned},
    instance_result,
    sign_call::SignatureDraft,
    sink::Emitted,
};
use gateway_model::{Failure, FailureClass, PendingSignature, SecretBytes, SignRequest};
use plugins_abi::Status;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// For one call, as long as the watchdog gives a plugin in the gateway's process.
const CALL_DEADLINE: Duration = Duration::from_secs(2);

impl WorkerClient {
    pub(crate) fn instance_new(
        self: &Arc<Self>,
        config: Arc<SecretBytes>,
        limits: Limits,
    ) -> Result<Returned<WorkerInstance>, Failure> {
        let mut slot = self.lock();
        let returned = self.make(&mut slot, &config, limits)?;
        Ok(returned.map(|address| WorkerInstance::new(config, limits, address)))
    }

    /// Makes the instance in the worker, so that the first request need not wait for it.
    pub(crate) fn prepare(self: &Arc<Self>, instance: &WorkerInstance) {
        // A failure is met again by the first request, which has somebody to tell.
        let _ = self.revive(&mut self.lock(), instance);
    }

    /// Gives a request to the worker through shared memory. None if that cannot be: the worker has to be
    /// started, the instance to be made in it, or the request is too long.
    pub(crate) fn submit(
        &self,
        instance: &WorkerInstance,
        request: &SignRequest<'_>,
        wanted: &Signing,
    ) -> Option<PendingSignature> {
        let ring = self.ring.load();
        let (generation, ring) = ring.as_deref()?;
        let at = instance.address();
        if at.generation() != *generation {
            return None;
        }
        ring.submit(at.id(), self.clock.wall(), request, wanted)
    }

    /// Signs a request over the channel, in this time.
    pub(crate) fn sign(
        self: &Arc<Self>,
        instance: &WorkerInstance,
        request: &SecretBytes,
        time: Duration,
    ) -> Result<(Status, SignatureDraft), Failure> {
        let mut slot = self.lock();
        let at = self.revive(&mut slot, instance)?;
        let frame = RequestFrame::sign(self.clock.wall(), at.id(), request);
        let response = self.exchange_within(&mut slot, &frame, &Limits::default(), time)?;
        let name = response.name();
        let Response::Signed { status, draft } = response else {
            return Err(self.unexpected(&mut slot, name));
        };
        Ok((status, draft))
    }

    pub(crate) fn instance_free(self: &Arc<Self>, at: Address) {
        let frame = RequestFrame::instance_free(self.clock.wall(), at.id());
        self.free(at.generation(), &frame);
    }

    pub(crate) fn op_begin(
        self: &Arc<Self>,
        instance: &WorkerInstance,
        args: &BeginArgs,
        limits: Limits,
    ) -> Result<Returned<WorkerOp>, Failure> {
        let mut slot = self.lock();
        let at = self.revive(&mut slot, instance)?;
        let op = self.next_id();
        let frame = RequestFrame::op_begin(self.clock.wall(), at.id(), op, args, &limits);
        let returned = self.call(&mut slot, &frame, &limits)?;
        let Returned {
            status,
            emitted,
            handle,
        } = returned;
        Ok(Returned {
            status,
            emitted,
            handle: handle.map(|()| WorkerOp::new(at.generation(), op)),
        })
    }

    pub(crate) fn op_resume(
        self: &Arc<Self>,
        op: WorkerOp,
        args: &EventArgs,
        limits: Limits,
    ) -> Result<(Status, Emitted), Failure> {
        let mut slot = self.lock();
        // A new worker knows nothing of it.
        if !self.has(&slot, op.generation()) {
            return Err(self.last_failure());
        }
        let frame = RequestFrame::op_resume(self.clock.wall(), op.id(), args, &limits);
        let returned = self.call(&mut slot, &frame, &limits)?;
        Ok((returned.status, returned.emitted))
    }

    pub(crate) fn op_free(self: &Arc<Self>, op: WorkerOp) {
        let frame = RequestFrame::op_free(self.clock.wall(), op.id());
        self.free(op.generation(), &frame);
    }

    pub(crate) fn authorize_url(
        self: &Arc<Self>,
        instance: &WorkerInstance,
        args: &BeginArgs,
        limits: Limits,
    ) -> Result<AuthorizeUrlResult, Failure> {
        let mut slot = self.lock();
        let at = self.revive(&mut slot, instance)?;
        let frame = RequestFrame::authorize_url(self.clock.wall(), at.id(), args, &limits);
        let response = self.exchange(&mut slot, &frame, &limits)?;
        let name = response.name();
        let Response::Url {
            status,
            emitted,
            url,
        } = response
        else {
            return Err(self.unexpected(&mut slot, name));
        };
        Ok(AuthorizeUrlResult {
            status,
            emitted,
            url,
        })
    }

    /// The instance in the worker that runs, made anew if that is another one than it was made in.
    fn revive(
        self: &Arc<Self>,
        slot: &mut Option<Connection>,
        instance: &WorkerInstance,
    ) -> Result<Address, Failure> {
        let generation = self.connect(slot)?;
        let address = instance.address();
        if address.generation() == generation {
            return Ok(address);
        }
        let returned = self.make(slot, instance.config(), instance.limits())?;
        let address = instance_result::check(&self.health, returned)?;
        instance.moved(address);
        Ok(address)
    }

    fn make(
        self: &Arc<Self>,
        slot: &mut Option<Connection>,
        config: &SecretBytes,
        limits: Limits,
    ) -> Result<Returned<Address>, Failure> {
        let generation = self.connect(slot)?;
        let id = self.next_id();
        let frame = RequestFrame::instance_new(self.clock.wall(), id, config, &limits);
        let returned = self.call(slot, &frame, &limits)?;
        Ok(returned.map(|()| Address::new(generation, id)))
    }

    fn free(self: &Arc<Self>, generation: u64, frame: &SecretBytes) {
        let mut slot = self.lock();
        if !self.has(&slot, generation) {
            return;
        }
        // A destructor that ends its process is recorded like any other call.
        match self.exchange(&mut slot, frame, &Limits::default()) {
            Ok(Response::Freed) | Err(_) => {}
            Ok(other) => drop(self.unexpected(&mut slot, other.name())),
        }
    }

    fn call(
        self: &Arc<Self>,
        slot: &mut Option<Connection>,
        frame: &SecretBytes,
        limits: &Limits,
    ) -> Result<Returned<()>, Failure> {
        let response = self.exchange(slot, frame, limits)?;
        let name = response.name();
        let Response::Returned {
            status,
            emitted,
            made_handle,
        } = response
        else {
            return Err(self.unexpected(slot, name));
        };
        Ok(Returned {
            status,
            emitted,
            handle: made_handle.then_some(()),
        })
    }

    fn exchange(
        &self,
        slot: &mut Option<Connection>,
        frame: &SecretBytes,
        limits: &Limits,
    ) -> Result<Response, Failure> {
        self.exchange_within(slot, frame, limits, CALL_DEADLINE)
    }

    fn exchange_within(
        &self,
        slot: &mut Option<Connection>,
        frame: &SecretBytes,
        limits: &Limits,
        time: Duration,
    ) -> Result<Response, Failure> {
        let Some(connection) = slot else {
            return Err(self.last_failure());
        };
        if !Connection::fits(frame) {
            let message = "what the plugin would have to read is longer than 4 MiB";
            return Err(Failure::new(FailureClass::Config, "too_long", message));
        }
        let name = self.health.name();
        let exchanged = connection.exchange(frame, limits, time, &*self.clock, name);
        self.note_refused_calls(connection);
        exchanged.map_err(|broken| self.broken(slot, broken))
    }

    fn unexpected(&self, slot: &mut Option<Connection>, name: &str) -> Failure {
        let how = format!("{name} where something else belongs");
        self.broken(slot, Broken::Protocol(how))
    }

    fn has(&self, slot: &Option<Connection>, generation: u64) -> bool {
        let current = slot.as_ref().map(Connection::generation);
        current == Some(generation) && self.lives(generation)
    }

    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

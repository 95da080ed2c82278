//! Signing single requests, on the thread that serves them.
//!
//! This is the only call of a plugin outside the pool: it must return within microseconds, and a hop
//! to another thread would cost more than the signature. So nothing here allocates but what is kept,
//! and nothing is shared between callers but one flag.

use crate::{
    Instance, SignBody,
    context::Services,
    handle::InstanceHandle,
    sign_call::{self, InlineVec, SignatureDraft, conclude, not_sent, sha256, unix_ms},
};
use gateway_model::{Failure, FailureClass, SignRequest, Signature, SignatureFields};
use plugins_abi::{Bytes, SignRequest as AbiRequest, Status};
use std::{ptr, time::SystemTime};

impl Instance {
    /// How much of a request's content the signature needs; `None`: this plugin signs nothing.
    pub fn signs(&self) -> Option<SignBody> {
        self.plugin().signs()
    }

    /// Signs one request in this process. Any thread, any number at a time; it never waits.
    ///
    /// A request whose signature failed must not be sent.
    ///
    /// # Errors
    /// With whose turn it is. A plugin that breaks its contract fails with class *bug*, which counts
    /// against its health as in authorizations; when it is closed because of that, nothing is signed.
    pub fn sign(&self, request: &SignRequest<'_>) -> Result<SignatureFields, Failure> {
        sign(&self.handle, request).map_err(not_sent)
    }

    /// Signs one request: in this process as [`Self::sign`], or in the plugin's worker process. That one has
    /// its own deadline, for which a promise may need a Tokio runtime with time enabled.
    pub fn signature(&self, request: &SignRequest<'_>) -> Signature {
        let Some((lane, instance)) = self.handle.sign_lane() else {
            return Signature::Ready(self.sign(request));
        };
        let plugin = self.plugin();
        if let Err(failure) = plugin.health.admit_sign() {
            return Signature::Ready(Err(not_sent(failure)));
        }
        Signature::Pending(lane.sign(instance, request, &plugin.manifest.signing))
    }
}

fn sign(instance: &InstanceHandle, request: &SignRequest<'_>) -> Result<SignatureFields, Failure> {
    let plugin = &**instance.plugin();
    // One atomic load in the usual case: all workers pass here for every request.
    plugin.health.admit_sign()?;
    let (clock, random) = plugin.host.surroundings();
    let wall = || clock.wall();
    let services = Services::new(&*plugin.health, &wall, random);
    let watched = || call(instance, request, wall());
    let called = services.enter(|| plugin.sign_watch.within(&plugin.health, watched));
    // Again after the call: the plugin may have reported in it that it cannot go on.
    plugin.health.admit_sign()?;
    let Some((status, draft)) = called else {
        let message = format!("plugin {} signs no requests", plugin.manifest.name);
        return Err(Failure::new(FailureClass::Config, "unsupported", message));
    };
    conclude(&plugin.health, status, draft)
}

/// Lends the request to the plugin. `None` if it does not sign.
fn call(
    instance: &InstanceHandle,
    request: &SignRequest<'_>,
    wall: SystemTime,
) -> Option<(Status, SignatureDraft)> {
    let (table, pointer) = instance.in_process()?;
    let function = table.sign?;
    let wanted = &instance.plugin().manifest.signing;
    // As many as signatures usually cover, so that nothing is allocated.
    let mut headers = sign_call::no_headers();
    for name in &wanted.headers {
        for value in request.headers.get_all(name) {
            headers.push(sign_call::header(
                name.as_str().as_bytes(),
                value.as_bytes(),
            ));
        }
    }
    let mut body = InlineVec::<Bytes, 4>::new(Bytes::EMPTY);
    // Only what the manifest names is lent: a signer has no business with the other fields.
    let mut hash = None;
    match wanted.body {
        SignBody::None => {}
        SignBody::Sha256 => hash = Some(sha256(request.body)),
        SignBody::Bytes => request
            .body
            .iter()
            .for_each(|piece| body.push(Bytes::new(piece))),
    }
    let lent = AbiRequest {
        struct_size: size_of::<AbiRequest>() as u32,
        flags: 0,
        method: Bytes::new(request.method.as_str().as_bytes()),
        authority: Bytes::new(request.authority.as_bytes()),
        path_and_query: Bytes::new(request.path_and_query.as_bytes()),
        headers: headers.first(),
        n_headers: headers.len(),
        body: body.first(),
        n_body: body.len(),
        body_sha256: hash.as_ref().map_or(ptr::null(), |h| h.as_ref().as_ptr()),
        unix_ms: unix_ms(wall),
        state: Bytes::new(request.state),
    };
    Some(sign_call::record(|sink| {
        // SAFETY: a live instance, which allows any number of calls at a time from any thread; what is
        // lent lives until the call has returned.
        unsafe { function(pointer, &raw const lent, sink) }
    }))
}

//! Instances and operations of a plugin, in this process or in its worker. Each is given back once, on
//! the pool.

use crate::{
    Limits,
    call::{self, AuthorizeUrlResult, BeginArgs, EventArgs, Returned},
    handshake::Table,
    loaded::{Code, LoadedPlugin},
    sink::Emitted,
    worker::{SignLane, WorkerClient, WorkerInstance, WorkerOp},
};
use gateway_model::{Failure, SecretBytes};
use plugins_abi::{Instance, Op, Status};
use std::{ptr::NonNull, sync::Arc};

/// Owns an instance of the plugin.
pub(crate) struct InstanceHandle {
    place: Place<Instance, WorkerInstance>,
    /// In the worker process that signs.
    signs: Option<Arc<WorkerInstance>>,
    plugin: Arc<LoadedPlugin>,
}

/// Owns an operation, and keeps its instance.
pub(crate) struct OpHandle {
    place: Place<Op, WorkerOp>,
    instance: Arc<InstanceHandle>,
}

/// Where the plugin's own object is.
enum Place<T, W> {
    InProcess(Table, SendPointer<T>),
    Worker(Arc<WorkerClient>, W),
}

/// Makes an instance from a configuration in JSON.
pub(crate) fn new_instance(
    plugin: &Arc<LoadedPlugin>,
    json: SecretBytes,
    limits: Limits,
) -> Result<Returned<InstanceHandle>, Failure> {
    let mut signs = None;
    let returned = match &plugin.code {
        Code::InProcess(table) => call::instance_new(table, &json, limits)
            .map(|pointer| Place::InProcess(*table, SendPointer(pointer))),
        Code::Worker(client, lane) => {
            let config = Arc::new(json);
            let returned = client.instance_new(Arc::clone(&config), limits)?;
            if let Some(lane) = lane
                && returned.handle.is_some()
            {
                let unmade = Arc::new(WorkerInstance::unmade(config, limits));
                lane.prepare(Arc::clone(&unmade));
                signs = Some(unmade);
            }
            returned.map(|instance| Place::Worker(Arc::clone(client), instance))
        }
    };
    Ok(returned.map(|place| InstanceHandle {
        place,
        signs,
        plugin: Arc::clone(plugin),
    }))
}

/// Begins an operation.
pub(crate) fn begin(
    instance: Arc<InstanceHandle>,
    args: &BeginArgs,
    limits: Limits,
) -> Result<Returned<OpHandle>, Failure> {
    let returned = match &instance.place {
        Place::InProcess(table, pointer) => {
            // SAFETY: the handle keeps the instance alive, and the table is its plugin's.
            unsafe { call::op_begin(table, pointer.0, args, limits) }
                .map(|pointer| Place::InProcess(*table, SendPointer(pointer)))
        }
        Place::Worker(client, at) => client
            .op_begin(at, args, limits)?
            .map(|op| Place::Worker(Arc::clone(client), op)),
    };
    Ok(returned.map(|place| OpHandle { place, instance }))
}

/// Tells an operation what happened. The handle comes back whatever the status.
pub(crate) fn resume(
    op: OpHandle,
    args: &EventArgs,
    limits: Limits,
) -> Result<Returned<OpHandle>, Failure> {
    let (status, emitted) = match &op.place {
        Place::InProcess(table, pointer) => {
            // SAFETY: the handle keeps the operation alive, and was passed by value, so no other call has it.
            unsafe { call::op_resume(table, pointer.0, args, limits) }
        }
        Place::Worker(client, at) => client.op_resume(*at, args, limits)?,
    };
    Ok(Returned {
        status,
        emitted,
        handle: Some(op),
    })
}

/// Asks for the URL of a consent.
pub(crate) fn authorize_url(
    instance: &InstanceHandle,
    args: &BeginArgs,
    limits: Limits,
) -> Result<AuthorizeUrlResult, Failure> {
    match &instance.place {
        Place::InProcess(table, pointer) => {
            let Some(function) = table.authorize_url else {
                // As if the plugin had said so itself.
                return Ok(AuthorizeUrlResult {
                    status: Status::UNSUPPORTED,
                    emitted: Emitted::default(),
                    url: None,
                });
            };
            // SAFETY: the function and the live instance are of the same plugin.
            let result = unsafe { call::authorize_url(function, pointer.0, args, limits) };
            Ok(result)
        }
        Place::Worker(client, at) => client.authorize_url(at, args, limits),
    }
}

impl InstanceHandle {
    pub(crate) fn plugin(&self) -> &Arc<LoadedPlugin> {
        &self.plugin
    }

    /// The object in this process, for a call that may run beside others; valid as long as the handle
    /// lives. None in a worker.
    pub(crate) const fn in_process(&self) -> Option<(&Table, *const Instance)> {
        match &self.place {
            Place::InProcess(table, pointer) => Some((table, pointer.get().cast_const())),
            Place::Worker(..) => None,
        }
    }
}

impl InstanceHandle {
    /// The way to this instance's signer, if that is in another process.
    pub(crate) fn sign_lane(&self) -> Option<(&SignLane, &Arc<WorkerInstance>)> {
        Some((self.plugin.sign_lane()?, self.signs.as_ref()?))
    }
}

impl OpHandle {
    /// Resolves when the worker process ended that had this operation; never in this process.
    pub(crate) fn lost(&self) -> impl Future<Output = Failure> + Send + 'static {
        let lost = match &self.place {
            Place::InProcess(..) => None,
            Place::Worker(client, op) => Some(client.ended(op.generation())),
        };
        async move {
            match lost {
                Some(lost) => lost.await,
                None => std::future::pending().await,
            }
        }
    }
}

impl Drop for InstanceHandle {
    fn drop(&mut self) {
        let plugin = &self.plugin;
        if let Some((lane, instance)) = self.sign_lane() {
            lane.free(instance);
        }
        match &self.place {
            Place::InProcess(table, pointer) => {
                let (pointer, free) = (*pointer, table.instance_free);
                // On the pool: the destructor is the plugin's code and may hang.
                plugin.host.free(&plugin.health, move || {
                    // SAFETY: every operation and every caller of `sign` held this handle, so none is left;
                    // freed once, here.
                    unsafe { free(pointer.get()) };
                });
            }
            Place::Worker(client, at) => {
                if let Some(address) = client.living_instance(at) {
                    let client = Arc::clone(client);
                    let free = move || client.instance_free(address);
                    plugin.host.free(&plugin.health, free);
                }
            }
        }
    }
}

impl Drop for OpHandle {
    fn drop(&mut self) {
        let instance = Arc::clone(&self.instance);
        let plugin = Arc::clone(&instance.plugin);
        match &self.place {
            Place::InProcess(table, pointer) => {
                let (pointer, free) = (*pointer, table.op_free);
                plugin.host.free(&plugin.health, move || {
                    // SAFETY: a handle that the plugin gave out, in no call now; freed once, here.
                    unsafe { free(pointer.get()) };
                    // The operation borrows from its instance, so the instance must outlive `op_free`.
                    drop(instance);
                });
            }
            Place::Worker(client, op) => {
                // What a dead worker had is gone with it.
                if client.lives(op.generation()) {
                    let (client, op) = (Arc::clone(client), *op);
                    plugin.host.free(&plugin.health, move || {
                        client.op_free(op);
                        drop(instance);
                    });
                }
            }
        }
    }
}

/// A pointer that the plugin gave out, and that is only passed back to it.
struct SendPointer<T>(NonNull<T>);

impl<T> Clone for SendPointer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for SendPointer<T> {}

// SAFETY: the C header allows calls on an instance from any thread, several at a time, and calls on an
// operation from changing threads, one at a time; calls take an operation's handle by value.
unsafe impl<T> Send for SendPointer<T> {}
// SAFETY: only an instance's handle is shared, and calls on an instance may run side by side.
unsafe impl<T> Sync for SendPointer<T> {}

impl<T> SendPointer<T> {
    /// A method, because a closure that used the field would capture the bare pointer, which is not `Send`.
    const fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}

//! One operation behind its handle.

use super::{
    emit::Emitter,
    guard::{dropped, guarded},
};
use crate::{
    Error,
    task::{Command, Completion, Step, Task},
};
use plugins_abi::Status;

/// What a `waybill_op` handle points at.
pub(super) struct Operation {
    state: OperationState,
}

enum OperationState {
    Waiting(Task),
    Ended,
    Poisoned,
}

/// Handles move between threads.
const _: () = {
    const fn send<T: Send>() {}
    send::<Operation>();
};

impl Operation {
    pub(super) const fn new(task: Task) -> Self {
        Self {
            state: OperationState::Waiting(task),
        }
    }

    /// Tells the operation about an event, if any, and emits what it wants next.
    pub(super) fn advance(
        &mut self,
        event: Option<(u64, Completion)>,
        emitter: &Emitter,
    ) -> Status {
        // Poisoned for the time of the call: a panic that unwinds past here leaves it poisoned.
        match std::mem::replace(&mut self.state, OperationState::Poisoned) {
            OperationState::Waiting(task) => self.step(task, event, emitter),
            OperationState::Ended => {
                self.state = OperationState::Ended;
                Status::OK
            }
            OperationState::Poisoned => Status::PANIC,
        }
    }

    fn step(
        &mut self,
        mut task: Task,
        event: Option<(u64, Completion)>,
        emitter: &Emitter,
    ) -> Status {
        let step = guarded(|| {
            if let Some((id, completion)) = event {
                task.mailbox().complete(id, completion);
            }
            task.run()
        });
        match step {
            Ok(Step::Waiting) => match emitter.commands(task.mailbox().take_commands()) {
                Ok(()) => {
                    self.state = OperationState::Waiting(task);
                    Status::OK
                }
                Err(lacking) => self.end(task, Err(lacking), emitter),
            },
            Ok(Step::Ended(result)) => self.end(task, result, emitter),
            // The future saw the panic half-way; only its destructor may still run.
            Err(panic) => {
                dropped(task);
                emitter.failed(&panic);
                Status::PANIC
            }
        }
    }

    /// Drops the future before the end is told, so that the gateway never hears from it again.
    fn end(
        &mut self,
        task: Task,
        result: Result<crate::Credential, Error>,
        emitter: &Emitter,
    ) -> Status {
        let mailbox = task.mailbox();
        dropped(task);
        self.state = OperationState::Ended;
        // What was under way is taken back; a request that was never sent is not made.
        let cancelled = mailbox.take_commands().into_iter();
        let cancelled = cancelled.filter(|command| matches!(command, Command::Cancel { .. }));
        // Cancelling needs no function that a gateway could lack.
        let _ = emitter.commands(cancelled.collect());
        match result {
            Ok(credential) => emitter.done(&credential),
            Err(error) => emitter.failed(&error),
        }
        Status::OK
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let OperationState::Waiting(task) =
            std::mem::replace(&mut self.state, OperationState::Ended)
        {
            dropped(task);
        }
    }
}

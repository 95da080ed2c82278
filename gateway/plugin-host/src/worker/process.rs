//! The worker as a process: started, waited for, killed.

use super::{channel::Channel, ending::WorkerEnding};
use std::{
    ffi::OsString,
    io,
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

/// For the thread that waits: it calls little more than `wait`.
const STACK: usize = 128 << 10;

/// The program that worker processes run, and that ends up in [`crate::run_worker`].
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    /// Its file.
    pub file: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Whether the worker tells which system calls the plugin was refused. For checks of plugins: a call
    /// that is refused while signals are blocked then ends the process, as when a thread is started.
    pub tells_refused_calls: bool,
}

impl Default for WorkerProgram {
    /// This process' own program, with the argument `plugin-worker`. The kernel's link leads to the file
    /// that runs, also after an update has replaced it.
    fn default() -> Self {
        Self {
            file: PathBuf::from("/proc/self/exe"),
            arguments: vec![OsString::from("plugin-worker")],
            tells_refused_calls: false,
        }
    }
}

/// A worker process. A thread of its own starts it and waits for its end.
pub(super) struct Process {
    /// None once it was waited for: its id may be another process' by then.
    child: Mutex<Option<Child>>,
    /// Why it ended or has to end; the first reason counts.
    ending: Mutex<Option<WorkerEnding>>,
    gone: Condvar,
}

impl Process {
    /// Starts the program, with the memory that it may share, and calls `ended` when it is no more.
    pub(super) fn start(
        program: &WorkerProgram,
        plugin: &str,
        memory: Option<OwnedFd>,
        ended: impl FnOnce(WorkerEnding) + Send + 'static,
    ) -> io::Result<(Channel, Arc<Self>)> {
        let (channel, other) = Channel::pair()?;
        let mut command = Command::new(&program.file);
        command
            .args(&program.arguments)
            // Nothing that the gateway knows may reach the plugin by another way than its calls.
            .env_clear()
            .stdin(Stdio::from(other))
            .stdout(memory.map_or_else(Stdio::null, Stdio::from))
            .stderr(Stdio::null());
        let (started, answer) = mpsc::sync_channel(1);
        // Linux kills the worker when the thread ends that started it, so this thread stays with it.
        thread::Builder::new()
            .name(format!("worker-{plugin}"))
            .stack_size(STACK)
            .spawn(move || {
                let child = command.spawn();
                // It holds the worker's end of the channel, which would keep the channel open.
                drop(command);
                match child {
                    Ok(child) => {
                        let process = Arc::new(Self::new(child));
                        let _ = started.send(Ok(Arc::clone(&process)));
                        ended(process.wait());
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                    }
                }
            })?;
        let process = answer.recv().map_err(io::Error::other)??;
        Ok((channel, process))
    }

    const fn new(child: Child) -> Self {
        Self {
            child: Mutex::new(Some(child)),
            ending: Mutex::new(None),
            gone: Condvar::new(),
        }
    }

    /// Blocks until the process has ended, and returns why.
    fn wait(&self) -> WorkerEnding {
        let id = self.child().as_ref().map(Child::id);
        if let Some(id) = id {
            // Left in the process table: until the lock is held, its id must not become another's.
            while wait_without_reaping(id).is_err_and(|e| e.kind() == io::ErrorKind::Interrupted) {}
        }
        let status = self.child().take().map(|mut child| child.wait());
        let found = match status {
            Some(Ok(status)) => WorkerEnding::from(status),
            Some(Err(_)) | None => WorkerEnding::ChannelClosed,
        };
        let ending = self.ending().get_or_insert(found).clone();
        self.gone.notify_all();
        ending
    }

    /// Ends the process, for this reason unless another one was first.
    pub(super) fn kill(&self, why: WorkerEnding) {
        if let Some(child) = self.child().as_mut() {
            // One that ended by itself keeps its own reason.
            let own = child.try_wait().ok().flatten().map(WorkerEnding::from);
            self.ending().get_or_insert(own.unwrap_or(why));
            // It fails only for a process that has ended.
            let _ = child.kill();
        }
    }

    /// Why it ended; waits that long for the news.
    pub(super) fn ending_within(&self, wait: Duration) -> Option<WorkerEnding> {
        let waited = self
            .gone
            .wait_timeout_while(self.ending(), wait, |ending| ending.is_none());
        let (ending, _) = waited.unwrap_or_else(PoisonError::into_inner);
        ending.clone()
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ending(&self) -> MutexGuard<'_, Option<WorkerEnding>> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait_without_reaping(id: u32) -> io::Result<()> {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let flags = libc::WEXITED | libc::WNOWAIT;
    // SAFETY: writes one `siginfo_t` into memory of that size.
    match unsafe { libc::waitid(libc::P_PID, id, info.as_mut_ptr(), flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

//! Takes from the worker whatever a plugin that computes has no use for.
//!
//! Two filters of system calls, because the dynamic loader needs more than a plugin: the first is in place
//! before the plugin's constructors run, the second before its first call. What they do not name fails with
//! EPERM. The kernel never takes a filter back.

use super::{files, refused};
use crate::worker::codec::Load;
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
};

/// Open files while the plugin is loaded: the loader closes each before the next.
const FILES: u64 = 16;

/// Before anything is read from the channel.
pub(super) fn isolate() -> io::Result<()> {
    for signal in 1..32 {
        let action = match signal {
            // A terminal and systemd send these to all processes of the gateway, which then finishes its
            // requests, and needs its plugins for that. It closes the channel when it is done.
            libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGTERM => libc::SIG_IGN,
            libc::SIGPIPE => libc::SIG_IGN,
            // Otherwise a handler of the runtime's would turn a stack overflow into an abort.
            _ => libc::SIG_DFL,
        };
        // SAFETY: neither action is code of this process.
        unsafe { libc::signal(signal, action) };
    }
    // Of a gateway that root runs: with them, reading files would lead into the memory of other processes.
    let none = CapabilitySet::empty();
    let nothing = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, nothing)?;
    // Nothing of the gateway may outlive it. If it is gone already, the channel is at its end.
    prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong)?;
    prctl(libc::PR_SET_DUMPABLE, 0)?;
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1)?;
    close_all_but_the_channel();
    Ok(())
}

fn prctl(option: libc::c_int, value: libc::c_ulong) -> io::Result<()> {
    // SAFETY: these options take a number.
    match unsafe { libc::prctl(option, value, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn close_all_but_the_channel() {
    // SAFETY: no object of this process owns any of these files: the runtime opened standard output and
    // standard error for nobody, and later the plugin alone can have opened some.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 1, libc::c_uint::MAX, 0) };
    if closed != 0 {
        // Linux before 5.9. More files than this were never opened before the program's first line.
        for file in 1..1024 {
            // SAFETY: no object of this process owns the file.
            unsafe { libc::close(file) };
        }
    }
}

/// Otherwise each thread reserves a heap of 64 MiB of address space, which is half of what a plugin may use.
pub(super) fn share_one_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes two numbers.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Files, limits, and the filter for the time of the load. The threads of the worker start in between.
pub(super) fn before_load(
    load: &Load,
    start_threads: impl FnOnce() -> io::Result<()>,
) -> Result<(), String> {
    if load.tells_refused_calls {
        refused::tell().map_err(text)?;
    }
    // While it can be opened.
    let statm = File::open("/proc/self/statm").map_err(text)?;
    // Before the threads: a thread keeps the files that it could open when it was started.
    files::restrict(&load.library)?;
    start_threads().map_err(text)?;
    let mapped = mapped(statm).map_err(text)?;
    let limits = [
        (libc::RLIMIT_AS, mapped.saturating_add(load.memory)),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_FSIZE, 0),
        (libc::RLIMIT_NPROC, 0),
        (libc::RLIMIT_NOFILE, FILES),
    ];
    for (resource, value) in limits {
        limit(resource, value).map_err(text)?;
    }
    install(&filter(LOADING, load.tells_refused_calls)?)
}

/// The filter for the remainder of the process' life.
pub(super) fn after_load(tells_refused_calls: bool) -> Result<(), String> {
    // A constructor may have opened one to read it later.
    close_all_but_the_channel();
    limit(libc::RLIMIT_NOFILE, 0).map_err(text)?;
    install(&filter(&[], tells_refused_calls)?)
}

fn text(error: io::Error) -> String {
    format!("its worker process cannot be limited: {error}")
}

/// Bytes of address space that this process uses now.
fn mapped(mut statm: File) -> io::Result<u64> {
    let mut text = String::new();
    statm.read_to_string(&mut text)?;
    let pages = text
        .split_whitespace()
        .next()
        .and_then(|pages| pages.parse::<u64>().ok());
    let pages = pages.ok_or_else(|| io::Error::other("/proc/self/statm cannot be read"))?;
    // SAFETY: takes a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages.saturating_mul(u64::try_from(page).unwrap_or(4096)))
}

fn limit(resource: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: value,
        rlim_max: value,
    };
    // SAFETY: reads one `rlimit`.
    match unsafe { libc::setrlimit(resource, &raw const limit) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn install(filter: &BpfProgram) -> Result<(), String> {
    apply_filter_all_threads(filter).map_err(|error| {
        format!(
            "this system cannot filter the system calls of a worker process ({error}): enable seccomp in the \
             kernel or the container, or run the plugin in the gateway's process with \
             `plugins.isolation_of`"
        )
    })
}

/// What a plugin that computes needs, and the worker around it. The plugin may read and write because the
/// channel is the only open file.
const ALWAYS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_write,
    libc::SYS_writev,
];

/// What the dynamic loader needs beside that, and the second filter.
const LOADING: &[libc::c_long] = &[
    libc::SYS_close,
    libc::SYS_faccessat,
    libc::SYS_fstat,
    libc::SYS_getcwd,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_newfstatat,
    libc::SYS_close_range,
    libc::SYS_pread64,
    libc::SYS_readlinkat,
    libc::SYS_seccomp,
    libc::SYS_statx,
    libc::SYS_uname,
];

fn filter(more: &[libc::c_long], tells_refused_calls: bool) -> Result<BpfProgram, String> {
    let refusal = if tells_refused_calls {
        SeccompAction::Trap
    } else {
        SeccompAction::Errno(libc::EPERM as u32)
    };
    build(more, refusal)
        .map_err(|error| format!("the filter of system calls cannot be made: {error}"))
}

fn build(
    more: &[libc::c_long],
    refusal: SeccompAction,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let loading = !more.is_empty();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in ALWAYS.iter().chain(more) {
        rules.insert(*call, Vec::new());
    }
    #[cfg(target_arch = "x86_64")]
    for call in [libc::SYS_access, libc::SYS_readlink, libc::SYS_stat] {
        if loading {
            rules.insert(call, Vec::new());
        }
    }
    // To itself only: `abort` sends itself a signal.
    let own = u64::from(std::process::id());
    let to_itself = || SeccompRule::new(vec![equal(0, own)?]);
    rules.insert(libc::SYS_tgkill, vec![to_itself()?]);
    rules.insert(libc::SYS_kill, vec![to_itself()?]);
    if loading {
        // Its own limits: with the limits of the gateway, a constructor could end the gateway.
        rules.insert(
            libc::SYS_prlimit64,
            vec![SeccompRule::new(vec![equal(0, 0)?])?],
        );
        // Reading only.
        let written = (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC) as u64;
        let reads = SeccompCondition::new(
            2,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(written),
            libc::O_RDONLY as u64,
        )?;
        rules.insert(libc::SYS_openat, vec![SeccompRule::new(vec![reads])?]);
        let no_new_privs = equal(0, libc::PR_SET_NO_NEW_PRIVS as u64)?;
        rules.insert(libc::SYS_prctl, vec![SeccompRule::new(vec![no_new_privs])?]);
    } else {
        // Memory, but none that can be executed: no code comes in after the load.
        for call in [libc::SYS_mmap, libc::SYS_mprotect] {
            let data = SeccompCondition::new(
                2,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64),
                0,
            )?;
            rules.insert(call, vec![SeccompRule::new(vec![data])?]);
        }
    }
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, refusal, SeccompAction::Allow, arch)?.try_into()
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

//! Names of system calls.

use std::fmt;

/// A system call of this kind of machine, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemCall(pub(super) u32);

impl fmt::Display for SystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.iter().find(|(call, _)| *call == i64::from(self.0));
        match named {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "system call {}", self.0),
        }
    }
}

macro_rules! names {
    ($($name:ident = $call:ident),* $(,)?) => {
        /// Those that plugins ask for. The others have their numbers.
        const NAMES: &[(i64, &str)] = &[$((libc::$call, stringify!($name))),*];
    };
}

names! {
    accept = SYS_accept,
    bind = SYS_bind,
    chdir = SYS_chdir,
    clone = SYS_clone,
    clone3 = SYS_clone3,
    close = SYS_close,
    connect = SYS_connect,
    dup = SYS_dup,
    epoll_create1 = SYS_epoll_create1,
    eventfd2 = SYS_eventfd2,
    execve = SYS_execve,
    fcntl = SYS_fcntl,
    fstat = SYS_fstat,
    fsync = SYS_fsync,
    getcwd = SYS_getcwd,
    getdents64 = SYS_getdents64,
    getrusage = SYS_getrusage,
    getuid = SYS_getuid,
    ioctl = SYS_ioctl,
    io_uring_setup = SYS_io_uring_setup,
    kill = SYS_kill,
    listen = SYS_listen,
    lseek = SYS_lseek,
    memfd_create = SYS_memfd_create,
    mlock = SYS_mlock,
    mmap = SYS_mmap,
    mprotect = SYS_mprotect,
    newfstatat = SYS_newfstatat,
    openat = SYS_openat,
    pipe2 = SYS_pipe2,
    prctl = SYS_prctl,
    prlimit64 = SYS_prlimit64,
    ptrace = SYS_ptrace,
    readlinkat = SYS_readlinkat,
    recvfrom = SYS_recvfrom,
    recvmsg = SYS_recvmsg,
    rseq = SYS_rseq,
    rt_sigaction = SYS_rt_sigaction,
    sched_getaffinity = SYS_sched_getaffinity,
    sched_setaffinity = SYS_sched_setaffinity,
    sendmsg = SYS_sendmsg,
    sendto = SYS_sendto,
    setitimer = SYS_setitimer,
    setpriority = SYS_setpriority,
    set_robust_list = SYS_set_robust_list,
    socket = SYS_socket,
    socketpair = SYS_socketpair,
    statx = SYS_statx,
    sysinfo = SYS_sysinfo,
    tgkill = SYS_tgkill,
    timer_create = SYS_timer_create,
    umask = SYS_umask,
    uname = SYS_uname,
    unlinkat = SYS_unlinkat,
    unshare = SYS_unshare,
    wait4 = SYS_wait4,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_names_and_others_have_numbers() {
        let call = u32::try_from(libc::SYS_socket).expect("a small number");
        assert_eq!(SystemCall(call).to_string(), "socket");
        assert_eq!(SystemCall(60_000).to_string(), "system call 60000");
    }
}

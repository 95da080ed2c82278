//! Whether a new process can live on after the running gateway has ended.

use std::{env, fs, process};

/// Why the new process would end together with the running gateway, if it would.
pub(super) fn objection(new: u32) -> Option<String> {
    if process::id() == 1 {
        return Some(
            "the running gateway is the first process of its container, which ends with it: replace the \
             container"
                .to_owned(),
        );
    }
    // Without a service manager nothing ends when this process does.
    env::var_os("NOTIFY_SOCKET")?;
    let group = |process: String| fs::read(format!("/proc/{process}/cgroup")).ok();
    let (own, new) = (group("self".to_owned())?, group(new.to_string())?);
    (own != new).then(|| {
        "the running gateway belongs to a service, and this process does not: have the service start it, \
         with `systemctl kill --kill-whom=main --signal=SIGUSR2 waybill`"
            .to_owned()
    })
}

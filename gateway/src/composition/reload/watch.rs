//! What asks for a reload by itself: a signal, and a certificate that was renewed.

use super::{
    super::listen_tls::{Certificate, TlsSide},
    ConfigReloader,
};
use gateway_control::{Actor, Reloader as _};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often the files of the certificate are looked at. A renewal may come weeks before the end, so this is
/// for the people who test one.
const LOOK: Duration = Duration::from_secs(5);

impl ConfigReloader {
    /// Reloads when a signal asks, and takes renewed certificates, until it is cancelled.
    pub(crate) async fn watch(self: Arc<Self>, cancel: CancellationToken) {
        let [mut apps, mut admin] = <[Problem; 2]>::default();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.asked.notified() => {
                    // Its outcome is in the log: a signal has no other answer.
                    drop(self.reload(&Actor("signal".to_owned()), false).await);
                }
                () = tokio::time::sleep(LOOK) => {
                    self.look_at_certificate(TlsSide::Apps, &mut apps).await;
                    self.look_at_certificate(TlsSide::Admin, &mut admin).await;
                }
            }
        }
    }

    async fn look_at_certificate(&self, side: TlsSide, problem: &mut Problem) {
        // A reload that is under way looks at the files itself.
        let Ok(_turn) = self.turn.try_lock() else {
            return;
        };
        let (Some(served), Some(tls)) = (self.live.tls(side), side.of(&self.running()).cloned())
        else {
            return;
        };
        let now = self.clock.wall();
        let look = move || {
            if served.is_current(&tls) {
                return Ok(false);
            }
            let certificate = Certificate::load(side, &tls).map_err(|error| error.to_string())?;
            if let Some(expired) = certificate.expired(now) {
                return Err(expired);
            }
            served.replace(certificate);
            Ok(true)
        };
        let listeners = side.listeners();
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(renewed)) => {
                *problem = Problem::default();
                if renewed {
                    tracing::info!("the certificate of {listeners} was renewed");
                }
            }
            Ok(Err(why)) => problem.seen(listeners, why),
            Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
        }
    }
}

/// Why the present files are not served.
#[derive(Default)]
struct Problem {
    why: String,
    times: u32,
}

impl Problem {
    fn seen(&mut self, listeners: &str, why: String) {
        if self.why != why {
            *self = Self { why, times: 0 };
        }
        self.times += 1;
        // The second time: whoever renews writes two files, and this look may have come in between.
        if self.times == 2 {
            tracing::error!(
                "the renewed certificate of {listeners} is not used, and the one of before still is: {}",
                self.why
            );
        }
    }
}

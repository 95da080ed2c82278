//! Whether the store responds, for readiness.
//!
//! Any client that reaches the listener may ask, so one probe of the database serves many requests.
//! Health checks usually wait one second at most, so a database that hangs is not waited for.

use gateway_control::ControlPlane;
use std::time::{Duration, Instant};
use tokio::{sync::Mutex, time::timeout};

/// How long the result of a probe is reused.
const FRESH: Duration = Duration::from_secs(2);
/// How long a request waits for a probe. A probe that takes longer continues in the background and
/// ends with the store's own deadline.
const WAIT: Duration = Duration::from_millis(300);

/// The latest probe of the store: when it was made, and the problem it found.
#[derive(Default)]
pub(crate) struct StoreProbe(Mutex<Option<(Instant, Option<String>)>>);

impl StoreProbe {
    /// The store's problem and what to do about it; `None` if it responds.
    pub(crate) async fn problem(&self, control: &ControlPlane, now: Instant) -> Option<String> {
        // Held during the probe: requests that arrive meanwhile wait for this probe's result instead
        // of probing again.
        let mut newest = self.0.lock().await;
        if let Some((at, problem)) = newest.as_ref()
            && now.saturating_duration_since(*at) < FRESH
        {
            return problem.clone();
        }
        // The answer is kept even if it was a problem: a store that hangs is not asked by every request.
        let problem = probe(control.clone()).await;
        *newest = Some((now, problem.clone()));
        problem
    }
}

async fn probe(control: ControlPlane) -> Option<String> {
    // In a task of its own: giving up the wait must not cut a query in the middle.
    let asked = tokio::spawn(async move { control.check_store().await });
    match timeout(WAIT, asked).await {
        Ok(Ok(answer)) => answer.err().map(|error| error.to_string()),
        Ok(Err(defect)) => Some(defect.to_string()),
        Err(_late) => Some("the store does not respond, or is slow".to_owned()),
    }
}

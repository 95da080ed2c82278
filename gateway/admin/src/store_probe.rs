//! Whether the store responds, for readiness.
//!
//! Any client that reaches the listener may ask, so one probe of the database serves many requests.
//! Health checks usually wait one second at most, so a database that hangs is not waited for.

use gateway_control::{ControlError, ControlPlane};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::{sync::Mutex, time::timeout};

/// How long the result of a probe is reused.
const FRESH: Duration = Duration::from_secs(2);
/// How long a request waits for a probe. A probe that takes longer continues in the background and
/// ends with the store's own deadline.
const WAIT: Duration = Duration::from_millis(300);

/// The store. Without it the gateway still serves requests with the tokens in memory.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StorePart {
    pub(crate) ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// It was deleted or replaced: what this process knows ends with it.
    #[serde(skip)]
    pub(crate) lost: bool,
}

impl StorePart {
    const fn working() -> Self {
        Self {
            ready: true,
            reason: None,
            lost: false,
        }
    }

    const fn lost(reason: String) -> Self {
        Self {
            ready: false,
            reason: Some(reason),
            lost: true,
        }
    }

    const fn broken(reason: String) -> Self {
        Self {
            ready: false,
            reason: Some(reason),
            lost: false,
        }
    }
}

/// The latest probe of the store: when it was made, and what it found.
#[derive(Default)]
pub(crate) struct StoreProbe(Mutex<Option<(Instant, StorePart)>>);

impl StoreProbe {
    /// Whether the store takes writes, and otherwise why and what to do.
    pub(crate) async fn part(&self, control: &ControlPlane, now: Instant) -> StorePart {
        // Held during the probe: requests that arrive meanwhile wait for this probe's result instead
        // of probing again.
        let mut newest = self.0.lock().await;
        if let Some((at, part)) = newest.as_ref()
            && now.saturating_duration_since(*at) < FRESH
        {
            return part.clone();
        }
        // The answer is kept even if it was a problem: a store that hangs is not asked by every request.
        let part = probe(control.clone()).await;
        *newest = Some((now, part.clone()));
        part
    }
}

async fn probe(control: ControlPlane) -> StorePart {
    // In a task of its own: giving up the wait must not cut a query in the middle.
    let asked = tokio::spawn(async move { control.check_store().await });
    match timeout(WAIT, asked).await {
        Ok(Ok(Ok(()))) => StorePart::working(),
        Ok(Ok(Err(error))) if is_lost(&error) => StorePart::lost(error.to_string()),
        Ok(Ok(Err(error))) => StorePart::broken(error.to_string()),
        Ok(Err(defect)) => StorePart::broken(defect.to_string()),
        Err(_late) => StorePart::broken("the store does not respond, or is slow".to_owned()),
    }
}

/// Whether the store was deleted or replaced: that does not pass by itself.
fn is_lost(error: &ControlError) -> bool {
    error.code == "store_lost"
}

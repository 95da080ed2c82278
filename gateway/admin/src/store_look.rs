//! How the store is, as far as readiness tells it.
//!
//! Whoever reaches the listener may ask, so the database is asked once for many; and a probe waits a
//! second at most, so a database that hangs is not waited for.

use gateway_control::ControlPlane;
use std::time::{Duration, Instant};
use tokio::{sync::Mutex, time::timeout};

/// An answer is given again for so long.
const FRESH: Duration = Duration::from_secs(2);
/// Then the look goes on by itself, and ends by the store's own deadline.
const PATIENCE: Duration = Duration::from_millis(300);

/// The newest look at the store: when, and what is wrong.
#[derive(Default)]
pub(crate) struct StoreLook(Mutex<Option<(Instant, Option<String>)>>);

impl StoreLook {
    /// What is wrong with the store, and what to do.
    pub(crate) async fn problem(&self, control: &ControlPlane, now: Instant) -> Option<String> {
        let mut newest = self.0.lock().await;
        if let Some((at, problem)) = newest.as_ref()
            && now.saturating_duration_since(*at) < FRESH
        {
            return problem.clone();
        }
        let problem = look(control.clone()).await;
        *newest = Some((now, problem.clone()));
        problem
    }
}

async fn look(control: ControlPlane) -> Option<String> {
    let asked = tokio::spawn(async move { control.store_answers().await });
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer.err().map(|error| error.to_string()),
        Ok(Err(defect)) => Some(defect.to_string()),
        Err(_late) => Some("the store is slow, or does not answer".to_owned()),
    }
}

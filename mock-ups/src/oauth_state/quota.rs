//! Counts token requests per client, for 10429.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::config::Quota;

/// Clients counted at most; past it the count of all starts again.
// Ids are known by then, but a long run may make thousands of apps; a reset costs nothing.
const CLIENTS: usize = 4_096;

/// Fixed windows, one per client.
#[derive(Debug, Default)]
pub(crate) struct QuotaMeter {
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at_ms: i64,
    requests: u32,
}

impl QuotaMeter {
    /// Counts one request; `false` if it is over the quota.
    pub(crate) fn admit(&self, quota: Option<Quota>, client_id: &str, now_ms: i64) -> bool {
        let Some(quota) = quota else { return true };
        let length = i64::try_from(quota.window)
            .unwrap_or(i64::MAX)
            .saturating_mul(1000);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        // Forgetting all is simpler than choosing, and only a test with very many clients sees it.
        if windows.len() >= CLIENTS && !windows.contains_key(client_id) {
            windows.clear();
        }
        let fresh = Window {
            ends_at_ms: now_ms.saturating_add(length),
            requests: 0,
        };
        let window = windows.entry(client_id.to_owned()).or_insert(fresh);
        // The window begins with the first request after the last one, not on the minute.
        if now_ms >= window.ends_at_ms {
            *window = fresh;
        }
        // Refused requests count too, which changes nothing: only the window's end lets the client in again.
        window.requests = window.requests.saturating_add(1);
        window.requests <= quota.requests
    }

    pub(crate) fn clear(&self) {
        self.windows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

#[cfg(test)]
mod tests {
    use super::QuotaMeter;
    use crate::config::Quota;

    #[test]
    fn quota_refuses_the_rest_of_the_window_per_client() {
        let meter = QuotaMeter::default();
        let quota = Some(Quota {
            requests: 2,
            window: 60,
        });
        let admitted: Vec<_> = (0..3).map(|_| meter.admit(quota, "a", 1_000)).collect();
        assert_eq!(admitted, [true, true, false]);
        assert!(meter.admit(quota, "b", 1_000));
        assert!(!meter.admit(quota, "a", 60_999));
        assert!(meter.admit(quota, "a", 61_000));
    }
}

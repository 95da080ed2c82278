//! The subscriptions of Track Alert, and events on demand.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::products::track_alert::alerts::Alert;
use crate::products::track_alert::event_names;

use super::request::{ControlError, ControlRequest, ControlResult};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PushRequest {
    tracking_number: Option<String>,
    /// One of the names that `GET` lists.
    event: Option<String>,
    /// Pushed as it is, in place of the two.
    body: Option<Value>,
}

pub(super) fn show(control: &ControlRequest<'_>) -> Value {
    let subscriptions: Vec<_> = control
        .mock
        .alerts
        .list()
        .iter()
        .map(|subscription| {
            json!({
                "subject": subscription.subject,
                "client_id": subscription.client_id.as_ref(),
                "expires_at": subscription.expires_at.to_string(),
            })
        })
        .collect();
    json!({
        "destination": control.mock.settings().track_alert_destination,
        "subscriptions": subscriptions,
        "events": event_names().collect::<Vec<_>>(),
    })
}

/// Pushes an event now.
pub(super) fn push(control: &ControlRequest<'_>) -> ControlResult {
    let wanted: PushRequest = control.parse()?;
    if control.mock.settings().track_alert_destination.is_none() {
        let reason = "track_alert_destination is not set, so there is nobody to push to";
        return Err(ControlError::bad_request(reason));
    }
    let alert = match (wanted.body, wanted.tracking_number, wanted.event) {
        (Some(body), None, None) => Alert {
            client_id: "track-alert".into(),
            body: body.to_string(),
        },
        (None, Some(number), Some(event)) => {
            let now = control.mock.clock.now();
            let alert = control.mock.alerts.made_up(&number, &event, now);
            alert.ok_or_else(|| {
                let names: Vec<_> = event_names().collect();
                ControlError::bad_request(format!("event: one of {}", names.join(", ")))
            })?
        }
        _ => {
            let reason = "either tracking_number and event, or body";
            return Err(ControlError::bad_request(reason));
        }
    };
    match control.mock.alerts.push_now(alert) {
        true => Ok(json!({ "queued": true })),
        false => Err(ControlError::bad_request("too many events are waiting")),
    }
}

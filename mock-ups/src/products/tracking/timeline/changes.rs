//! What happens to a package whose delivery is changed on the way.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{ARRIVED, Plan, Scan, ScanPlace, ScanType, moment, step};
use crate::calendar;
use crate::products::shipping::store::{ChangeKind, DeliveryChange};

const HOLD_REQUESTED: &ScanType = &step(
    "X",
    "IW",
    "031",
    "The package will be held for pickup at a UPS facility.",
    "Held for Pickup",
    ScanPlace::Country,
);
const RESCHEDULED: &ScanType = &step(
    "X",
    "IF",
    "031",
    "The delivery date has been changed.",
    "Delivery Rescheduled",
    ScanPlace::Country,
);
const REDIRECTED: &ScanType = &step(
    "X",
    "IA",
    "031",
    "The delivery address has been changed.",
    "Delivery Redirected",
    ScanPlace::Country,
);
const RETURN_REQUESTED: &ScanType = &step(
    "X",
    "IR",
    "031",
    "The package will be returned to the sender.",
    "Returning to Sender",
    ScanPlace::Country,
);
const CHANGE_CANCELLED: &ScanType = &step(
    "X",
    "IC",
    "031",
    "The delivery change has been cancelled.",
    "On the Way",
    ScanPlace::Country,
);
const HELD: &ScanType = &step(
    "X",
    "HC",
    "036",
    "The package is ready for pickup at a UPS facility.",
    "Ready for Pickup",
    ScanPlace::Destination,
);
const COLLECTED: &ScanType = &step(
    "D",
    "2Q",
    "011",
    "DELIVERED ",
    "Delivered",
    ScanPlace::Destination,
);
const RETURNING: &ScanType = &step(
    "I",
    "DP",
    "005",
    "Departed from Facility",
    "On the Way",
    ScanPlace::Destination,
);
const RETURNED: &ScanType = &step(
    "D",
    "RS",
    "011",
    "Returned to the sender.",
    "Delivered",
    ScanPlace::Origin,
);

/// Changes the scans that are still to come, change by change.
pub(super) fn apply(
    scans: &mut Vec<Scan>,
    changes: &[DeliveryChange],
    plan: &Plan,
    zones: [&TimeZone; 2],
) {
    for change in changes {
        // The journey to the destination goes on: nobody stops a package before it arrives.
        scans.retain(|scan| scan.at < change.at || scan.step.place != ScanPlace::Destination);
        scans.push(Scan {
            at: change.at,
            step: announced(change.kind),
        });
        let arrived = scans.iter().any(|scan| scan.step == ARRIVED);
        let arrival = moment(plan.scheduled.min(change.day).at(3, 40, 0, 0), zones[1]);
        if !arrived {
            let at = arrival.max(change.at);
            scans.push(Scan { at, step: ARRIVED });
        }
        let rest = rest_of(change, plan, zones).into_iter();
        scans.extend(rest.map(|(at, step)| Scan { at, step }));
        // Stable: what happens at one moment keeps its order.
        scans.sort_by_key(|scan| scan.at);
    }
}

const fn announced(kind: ChangeKind) -> &'static ScanType {
    match kind {
        ChangeKind::WillCall | ChangeKind::SameDayWillCall => HOLD_REQUESTED,
        ChangeKind::Reschedule => RESCHEDULED,
        ChangeKind::Redirect => REDIRECTED,
        ChangeKind::Return => RETURN_REQUESTED,
        ChangeKind::Cancel => CHANGE_CANCELLED,
    }
}

fn rest_of(
    change: &DeliveryChange,
    plan: &Plan,
    [origin, destination]: [&TimeZone; 2],
) -> Vec<(Timestamp, &'static ScanType)> {
    let at = |day: Date, hour: i8, zone: &TimeZone| moment(day.at(hour, 0, 0, 0), zone);
    match change.kind {
        ChangeKind::Reschedule | ChangeKind::Redirect | ChangeKind::Cancel => {
            plan.last_mile(change.day, destination).to_vec()
        }
        ChangeKind::WillCall => {
            let collected = calendar::business_day_from(calendar::next_day(change.day));
            vec![
                (at(change.day, 9, destination), HELD),
                (at(collected, 12, destination), COLLECTED),
            ]
        }
        ChangeKind::SameDayWillCall => vec![
            // Drivers are back in the evening.
            (at(change.day, 18, destination).max(change.at), HELD),
            (at(change.day, 20, destination).max(change.at), COLLECTED),
        ],
        ChangeKind::Return => {
            let left = moment(plan.scheduled.at(22, 0, 0, 0), destination).max(change.at);
            let back = moment(change.day.to_datetime(plan.delivered_at), origin);
            vec![(left, RETURNING), (back, RETURNED)]
        }
    }
}

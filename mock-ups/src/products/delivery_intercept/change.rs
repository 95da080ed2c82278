//! What can be done with a package, and what a call wants to be done.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar;
use crate::products::contract::refusal::{refused, refused_field};
use crate::products::contract::{Call, Refusal};
use crate::products::shipping::store::{Address, ChangeKind, DeliveryChange, Shipment};
use crate::products::tracking::timeline::Timeline;

/// The names in an answer about eligibility. The file's list lacks a redirection.
pub(super) const FEATURES: [(&str, ChangeKind); 4] = [
    ("FD", ChangeKind::Reschedule),
    ("WC", ChangeKind::WillCall),
    ("SDWC", ChangeKind::SameDayWillCall),
    ("RTS", ChangeKind::Return),
];

/// The names in a request.
const TYPES: [(&str, ChangeKind); 5] = [
    ("WC", ChangeKind::WillCall),
    ("SC", ChangeKind::SameDayWillCall),
    ("FD", ChangeKind::Reschedule),
    ("AA", ChangeKind::Redirect),
    ("RS", ChangeKind::Return),
];

/// Why a package is returned.
pub(super) const REASONS: [(&str, &str); 9] = [
    ("AM", "Cancelled Order"),
    ("AN", "Duplicate Order"),
    ("AQ", "COD Not Accepted"),
    ("AR", "Too Expensive"),
    ("AS", "Shipped Too Late"),
    ("FA", "Incorrect Address"),
    ("KR", "Refused Delivery"),
    ("KS", "Not Ordered"),
    ("KV", "Other"),
];

/// Changes of one package at most; nobody changes a delivery more often.
const MAX_CHANGES: usize = 20;

/// Days that a delivery can be moved to.
const DAYS: usize = 5;

/// The timeline of one package.
pub(super) fn life_of(shipment: &Shipment, index: usize) -> Timeline {
    // A shipment has as many timelines as packages, in their order.
    Timeline::of_shipment(shipment).swap_remove(index)
}

/// Where a package is in its life.
pub(super) struct Situation {
    is_open: bool,
    is_out_for_delivery: bool,
    changes: usize,
    active: Option<ChangeKind>,
    scheduled: Date,
    /// The day of the delivery before anybody changed it.
    planned: Date,
    today: Date,
}

impl Situation {
    pub(super) fn of(shipment: &Shipment, index: usize, now: Timestamp) -> Self {
        let life = life_of(shipment, index);
        let last = life.until(now).last().map(|scan| scan.step);
        let changes = &shipment.packages[index].changes;
        let mut before = shipment.clone();
        before.packages[index].changes.clear();
        let is = |code: &str| last.is_some_and(|step| step.code == code);
        Self {
            // Delivered, collected, returned or voided: nothing can be changed any more.
            is_open: last.is_some_and(|step| !["D", "MV"].contains(&step.kind)),
            is_out_for_delivery: is("OT"),
            changes: changes.len(),
            active: changes
                .last()
                .map(|change| change.kind)
                .filter(|kind| *kind != ChangeKind::Cancel),
            scheduled: life.scheduled,
            planned: life_of(&before, index).scheduled,
            today: life.to.zone().to_datetime(now).date(),
        }
    }

    fn is_possible(&self, kind: ChangeKind) -> bool {
        self.is_open
            && self.changes < MAX_CHANGES
            && match kind {
                // The driver can still bring it back in the evening.
                ChangeKind::SameDayWillCall => self.today == self.scheduled,
                ChangeKind::WillCall
                | ChangeKind::Reschedule
                | ChangeKind::Redirect
                | ChangeKind::Return
                | ChangeKind::Cancel => !self.is_out_for_delivery,
            }
    }

    pub(super) fn can_create(&self, kind: ChangeKind) -> bool {
        self.is_possible(kind) && self.active.is_none()
    }

    /// A date or an address can be changed again. Nothing changes about a hold or a return.
    pub(super) fn can_modify(&self, kind: ChangeKind) -> bool {
        self.is_possible(kind)
            && self.active == Some(kind)
            && [ChangeKind::Reschedule, ChangeKind::Redirect].contains(&kind)
    }

    pub(super) fn can_cancel(&self, kind: ChangeKind) -> bool {
        self.is_possible(ChangeKind::Cancel) && self.active == Some(kind)
    }

    /// The day of the next delivery, not before tomorrow unless that is how it is planned.
    fn next_delivery(&self) -> Date {
        self.planned
            .max(calendar::business_day_from(calendar::next_day(self.today)))
    }

    /// The business days after the scheduled one.
    pub(super) fn days_to_choose(&self) -> Vec<Date> {
        let first = calendar::next_day(self.next_delivery());
        let next = |day: &Date| Some(calendar::business_day_from(calendar::next_day(*day)));
        let days = std::iter::successors(Some(calendar::business_day_from(first)), next);
        days.take(DAYS).collect()
    }
}

/// The change that a call wants, if it can be made. No types: it takes the active one back.
pub(super) fn wanted(
    call: &Call<'_>,
    types: &[&str],
    situation: &Situation,
) -> Result<DeliveryChange, Refusal> {
    let named = match call.text("/requestType") {
        "" => types.first().copied(),
        named => Some(named),
    };
    let kind = named.and_then(|named| TYPES.iter().find(|(name, _)| *name == named));
    let kind = kind.map(|(_, kind)| *kind);
    if let Some(named) = named
        && !types.is_empty()
        && !types.contains(&named)
    {
        let text = "The request type is not one of this operation.";
        return Err(refused_field("710", text, "requestType"));
    }
    if !situation.is_open {
        let text = "The package has been delivered or voided.";
        return Err(refused("720", text));
    }
    let change = |kind, day, address| DeliveryChange {
        kind,
        at: call.request.now,
        day,
        address,
    };
    let Some(kind) = kind.filter(|_| !types.is_empty()) else {
        let active = situation
            .active
            .filter(|active| kind.is_none_or(|kind| kind == *active));
        let text = "The package has no such delivery change.";
        let active = active.ok_or_else(|| refused("722", text))?;
        return match situation.can_cancel(active) {
            true => Ok(change(ChangeKind::Cancel, situation.next_delivery(), None)),
            false => Err(not_eligible()),
        };
    };
    if !situation.can_create(kind) && !situation.can_modify(kind) {
        return Err(not_eligible());
    }
    let address = address(call, kind)?;
    Ok(change(kind, day(call, kind, situation)?, address))
}

fn not_eligible() -> Refusal {
    refused(
        "721",
        "The package is not eligible for this delivery change.",
    )
}

fn missing(text: &'static str, field: &'static str) -> Refusal {
    refused_field("710", text, field)
}

/// The day of the delivery after the change.
fn day(call: &Call<'_>, kind: ChangeKind, situation: &Situation) -> Result<Date, Refusal> {
    match kind {
        ChangeKind::Reschedule => {
            let sent = call.text("/deliveryDate");
            if sent.is_empty() {
                return Err(missing("Missing deliveryDate", "deliveryDate"));
            }
            let day = calendar::parse_date(sent);
            day.filter(|day| situation.days_to_choose().contains(day))
                .ok_or_else(|| {
                    let text = "The delivery date is none of the dates that can be chosen.";
                    refused_field("723", text, "deliveryDate")
                })
        }
        ChangeKind::Return => {
            let reason = call.text("/reasonForReturn");
            if reason.is_empty() {
                return Err(missing("Missing reasonForReturn", "reasonForReturn"));
            }
            // As long as the way there.
            let there = situation
                .planned
                .since(situation.today)
                .map_or(0, |span| span.get_days());
            let journey =
                calendar::travel(situation.next_delivery(), there.clamp(1, 10).unsigned_abs());
            Ok(journey.arrival)
        }
        ChangeKind::SameDayWillCall => Ok(situation.today),
        ChangeKind::WillCall | ChangeKind::Cancel => Ok(situation.next_delivery()),
        ChangeKind::Redirect => {
            let next = calendar::next_day(situation.next_delivery());
            Ok(calendar::business_day_from(next))
        }
    }
}

/// The new address of a redirection.
fn address(call: &Call<'_>, kind: ChangeKind) -> Result<Option<Address>, Refusal> {
    if kind != ChangeKind::Redirect {
        return Ok(None);
    }
    let info = call.body.pointer("/newDeliveryAddress/addressInfo");
    let info = info.ok_or_else(|| {
        let field = "newDeliveryAddress.addressInfo";
        missing("Missing newDeliveryAddress.addressInfo", field)
    })?;
    let text = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
    let lines = ["addressLine1", "addressLine2", "addressLine3"].map(text);
    Ok(Some(Address {
        name: call
            .text("/newDeliveryAddress/nameOrCompanyName")
            .to_owned(),
        lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
        city: text("city"),
        state: text("state"),
        postal_code: text("postalCode"),
        country: text("countryCode"),
    }))
}

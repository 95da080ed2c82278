//! The life of a package: which scans it has had by a point in time.

mod changes;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::calendar;
use crate::products::rating::transit::{self, Commitment};
use crate::products::shipping::store::{Address, Shipment};

/// A package with everything that will happen to it.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    pub(crate) tracking_number: String,
    pub(crate) service: (&'static str, &'static str),
    pub(crate) weight: String,
    pub(crate) weight_unit: &'static str,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) references: Vec<String>,
    pub(crate) package_count: usize,
    pub(crate) scheduled: Date,
    pub(crate) commitment: Commitment,
    /// Where it was to go before it was redirected, and when that was.
    before_redirect: Option<(Timestamp, Address)>,
    /// In order of time.
    scans: Vec<Scan>,
}

/// Something that happens to a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan {
    /// The moment. Scans show it in the time of the place where they are made.
    pub(crate) at: Timestamp,
    pub(crate) step: &'static ScanType,
}

/// A kind of scan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ScanType {
    /// D delivered, I in transit, M manifest, MV voided.
    pub(crate) kind: &'static str,
    pub(crate) code: &'static str,
    pub(crate) status_code: &'static str,
    pub(crate) description: &'static str,
    pub(crate) simple: &'static str,
    pub(crate) place: ScanPlace,
}

impl ScanType {
    /// Whether it is an event in UPS's systems only, and nobody scanned the package.
    pub(crate) fn is_logical(&self) -> bool {
        matches!(self.kind, "M" | "MV" | "U")
    }
}

/// Where a scan is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanPlace {
    /// Only the country is known.
    Country,
    Origin,
    Destination,
}

const fn step(
    kind: &'static str,
    code: &'static str,
    status_code: &'static str,
    description: &'static str,
    simple: &'static str,
    place: ScanPlace,
) -> ScanType {
    ScanType {
        kind,
        code,
        status_code,
        description,
        simple,
        place,
    }
}

pub(crate) const CREATED: &ScanType = &step(
    "M",
    "MP",
    "003",
    // The blank at the end is UPS's.
    "Shipper created a label, UPS has not received the package yet. ",
    "Label Created",
    ScanPlace::Country,
);
pub(crate) const VOIDED: &ScanType = &step(
    "MV",
    "VP",
    "007",
    "Shipment information voided. ",
    "Voided",
    ScanPlace::Country,
);
pub(crate) const ORIGIN_SCAN: &ScanType = &step(
    "I",
    "OR",
    "005",
    "Origin Scan",
    "We Have Your Package",
    ScanPlace::Origin,
);
pub(crate) const DEPARTED: &ScanType = &step(
    "I",
    "DP",
    "005",
    "Departed from Facility",
    "On the Way",
    ScanPlace::Origin,
);
pub(crate) const ARRIVED: &ScanType = &step(
    "I",
    "AR",
    "005",
    "Arrived at Facility",
    "On the Way",
    ScanPlace::Destination,
);
pub(crate) const DESTINATION_SCAN: &ScanType = &step(
    "I",
    "DS",
    "005",
    "Destination Scan",
    "On the Way",
    ScanPlace::Destination,
);
pub(crate) const OUT: &ScanType = &step(
    "I",
    "OT",
    "021",
    "Out For Delivery Today",
    "Out for Delivery",
    ScanPlace::Destination,
);
pub(crate) const DELIVERED: &ScanType = &step(
    "D",
    "FS",
    "011",
    "DELIVERED ",
    "Delivered",
    ScanPlace::Destination,
);

pub(crate) const EXCEPTION: &ScanType = &step(
    "X",
    "48",
    "025",
    "The customer was not available when UPS attempted delivery.",
    "Delivery Attempted",
    ScanPlace::Destination,
);
pub(crate) const RESCHEDULED: &ScanType = &step(
    "U",
    "RS",
    "031",
    "The delivery date has been changed.",
    "Delivery Rescheduled",
    ScanPlace::Destination,
);

/// What UPS's documentation gives as numbers to try.
const SAMPLES: [&str; 16] = [
    "1Z12345E0205271688",
    "1Z12345E6605272234",
    "1Z12345E0305271640",
    "1Z12345E1305277940",
    "1Z12345E6205277936",
    "1Z648616E192760718",
    "1ZWX0692YP40636269",
    "1Z12345E1505270452",
    "1Z12345E5991872040",
    "1Z12345E0390105056",
    "1Z12345E0290424025",
    "1Z12345E0194845039",
    "1Z12345E0393657226",
    "990728071",
    // They are tracked, and Track Alert sends their events.
    "1ZCIETST0111111114",
    "1ZCIETST0422222228",
];

impl Timeline {
    /// The packages of a shipment.
    pub(crate) fn of_shipment(shipment: &Shipment) -> Vec<Self> {
        let (origin, destination) = (shipment.origin_zone(), shipment.to.zone());
        let created = origin.to_datetime(shipment.created_at);
        let count = shipment.packages.len();
        let life = |package: &crate::products::shipping::store::Package| {
            let number = &package.tracking_number;
            let plan = Plan::of(created, shipment.commitment, number);
            let zones = [&origin, &destination];
            let mut scans = plan.scans(shipment.created_at, zones);
            changes::apply(&mut scans, &package.changes, &plan, zones);
            if let Some(voided) = package.voided_at {
                // What would have happened after the voiding does not happen.
                scans.retain(|scan| scan.at < voided);
                scans.push(Scan {
                    at: voided,
                    step: VOIDED,
                });
            }
            let last = package.changes.last();
            let redirect = last.and_then(|change| Some((change.at, change.address.clone()?)));
            let mut references = package.references.clone();
            references.extend(shipment.references.iter().cloned());
            Self {
                tracking_number: number.clone(),
                service: (
                    shipment.service.code(),
                    shipment.service.name(shipment.lane),
                ),
                weight: package.weight.clone(),
                weight_unit: shipment.weight_unit,
                from: shipment.from.clone(),
                before_redirect: redirect.as_ref().map(|(at, _)| (*at, shipment.to.clone())),
                to: redirect.map_or_else(|| shipment.to.clone(), |(_, address)| address),
                references,
                package_count: count,
                scheduled: last.map_or(plan.scheduled, |change| change.day),
                commitment: shipment.commitment,
                scans,
            }
        };
        shipment.packages.iter().map(life).collect()
    }

    /// A documented sample, at a point of its life that depends on which one it is.
    pub(crate) fn of_sample(number: &str, now: Timestamp) -> Option<Self> {
        let index = SAMPLES
            .iter()
            .position(|known| number.eq_ignore_ascii_case(known))?;
        Some(Self::sample(number, now, index))
    }

    fn sample(number: &str, now: Timestamp, index: usize) -> Self {
        let age = i64::try_from(index % 7).unwrap_or(0);
        // The samples live near UPS's own town, so their hours are those of the east coast.
        let zone = crate::places::time_zone("US", "MD");
        let day = zone.to_datetime(now).saturating_sub(age.days()).date();
        // At midnight, so that the label of a package of today is never in the future.
        let created = day.to_datetime(Time::midnight());
        let commitment = Commitment {
            business_days: 2,
            by: None,
            clock: 230_000,
            guaranteed: false,
        };
        let place = |name: &str, city: &str, state: &str, postal: &str| Address {
            name: name.to_owned(),
            lines: vec!["1 SAMPLE ST".to_owned()],
            city: city.to_owned(),
            state: state.to_owned(),
            postal_code: postal.to_owned(),
            country: "US".to_owned(),
        };
        let plan = Plan::of(created, commitment, number);
        Self {
            tracking_number: number.to_ascii_uppercase(),
            // The samples are shown as Ground, whatever their digits say: several of those are wrong.
            service: ("03", "UPS Ground"),
            weight: "5.00".to_owned(),
            weight_unit: "LBS",
            from: place("SAMPLE SHIPPER", "TIMONIUM", "MD", "21093"),
            to: place("SAMPLE CONSIGNEE", "ALPHARETTA", "GA", "30005"),
            references: vec![format!("SAMPLE{index}")],
            package_count: 1,
            scheduled: plan.scheduled,
            commitment,
            before_redirect: None,
            scans: plan.scans(moment(created, &zone), [&zone, &zone]),
        }
    }

    /// A package of which nothing is known but its number.
    pub(crate) fn unknown(number: &str, now: Timestamp) -> Self {
        let mut timeline = Self::sample(number, now, 0);
        timeline.scans.clear();
        timeline
    }

    /// Everything that happens, in order of time.
    pub(crate) fn scans(&self) -> &[Scan] {
        &self.scans
    }

    /// Where a scan is made.
    pub(crate) fn place(&self, scan: &Scan) -> &Address {
        match scan.step.place {
            ScanPlace::Origin | ScanPlace::Country => &self.from,
            // Before the pickup the parcel is where it was created.
            ScanPlace::Destination => match &self.before_redirect {
                Some((redirected, first)) if scan.at < *redirected => first,
                _ => &self.to,
            },
        }
    }

    /// The time of a scan where it is made.
    pub(crate) fn local(&self, scan: &Scan) -> DateTime {
        self.place(scan).zone().to_datetime(scan.at)
    }

    /// What has happened by then, oldest first. There is always at least one event.
    pub(crate) fn until(&self, now: Timestamp) -> &[Scan] {
        let count = self
            .scans
            .iter()
            .take_while(|event| event.at <= now)
            .count();
        &self.scans[..count.max(1)]
    }
}

/// The days and hours of a journey.
#[derive(Debug, Clone, Copy)]
struct Plan {
    picked_up: Date,
    scheduled: Date,
    /// Between 9 in the morning and the commitment, at five in the afternoon at the latest.
    delivered_at: Time,
}

impl Plan {
    fn of(created: DateTime, commitment: Commitment, number: &str) -> Self {
        // The hour counts: a label that is made after the cut-off is picked up the next day.
        let picked_up = transit::pickup_day(created.date(), Some(created.time()));
        // At least a day, or the delivery scan would come before the departure.
        let journey = calendar::travel(picked_up, commitment.business_days.max(1));
        // Every package has its own minute, the same one each time.
        let draw = number.bytes().fold(7_u32, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        // Between nine and five: later commitments, such as the end of the day, are not delivered at night.
        let latest = commitment.clock.clamp(90_000, 170_000) / 10_000;
        let minutes = (u32::try_from(latest).unwrap_or(9).saturating_sub(8)) * 60;
        let minute = 8 * 60 + 10 + draw % minutes.max(1) * 9 / 10;
        let clock = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0);
        Self {
            picked_up,
            // Hour and minute are in range, so the noon never appears.
            scheduled: journey.arrival,
            delivered_at: clock.unwrap_or(Time::constant(12, 0, 0, 0)),
        }
    }

    /// The scans, in order. Hours are those of the place where a scan is made.
    fn scans(&self, created: Timestamp, [origin, destination]: [&TimeZone; 2]) -> Vec<Scan> {
        let at = |day: Date, hour: i8, minute: i8, zone: &TimeZone| {
            moment(day.at(hour, minute, 0, 0), zone)
        };
        let mut scans = vec![
            (created, CREATED),
            (at(self.picked_up, 20, 30, origin), ORIGIN_SCAN),
            (at(self.picked_up, 23, 15, origin), DEPARTED),
            (at(self.scheduled, 3, 40, destination), ARRIVED),
        ];
        scans.extend(self.last_mile(self.scheduled, destination));
        let scans = scans.into_iter();
        scans.map(|(at, step)| Scan { at, step }).collect()
    }

    /// The day of the delivery.
    fn last_mile(&self, day: Date, zone: &TimeZone) -> [(Timestamp, &'static ScanType); 3] {
        [
            (moment(day.at(5, 10, 0, 0), zone), DESTINATION_SCAN),
            (moment(day.at(8, 5, 0, 0), zone), OUT),
            (moment(day.to_datetime(self.delivered_at), zone), DELIVERED),
        ]
    }
}

/// A local time as a moment. A time that a change of the clocks leaves out is the one an hour later.
fn moment(local: DateTime, zone: &TimeZone) -> Timestamp {
    let zoned = local.to_zoned(zone.clone());
    zoned.map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

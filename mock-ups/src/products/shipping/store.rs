//! The shipments that were created: in memory, the oldest forgotten first.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::products::rating::service::{Lane, Service};
use crate::products::rating::transit::Commitment;

/// How many shipments are kept, and how many packages in all of them.
const MAX_SHIPMENTS: usize = 20_000;
// Bounded by packages too: one shipment can have two hundred of them.
const MAX_PACKAGES: usize = 40_000;

/// How many shipments a reference can find.
const MAX_FOUND: usize = 50;

/// One shipment.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    pub(crate) shipper_number: String,
    pub(crate) service: Service,
    pub(crate) lane: Lane,
    pub(crate) commitment: Commitment,
    pub(crate) created_at: Timestamp,
    pub(crate) packages: Vec<Package>,
    pub(crate) references: Vec<String>,
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// `LBS` or `KGS`.
    pub(crate) weight_unit: &'static str,
}

/// One package.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) tracking_number: String,
    /// The postal service's number, where it delivers the package.
    pub(crate) postal_number: Option<String>,
    pub(crate) weight: String,
    pub(crate) voided_at: Option<Timestamp>,
    pub(crate) references: Vec<String>,
    /// How its delivery was changed on the way, oldest first.
    pub(crate) changes: Vec<DeliveryChange>,
}

/// A change of a delivery on the way.
#[derive(Debug, Clone)]
pub(crate) struct DeliveryChange {
    pub(crate) kind: ChangeKind,
    pub(crate) at: Timestamp,
    /// The day of the delivery, or on which the package can be collected.
    pub(crate) day: Date,
    /// Where it goes now, of [`ChangeKind::Redirect`].
    pub(crate) address: Option<Address>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// UPS holds the package until the receiver collects it.
    WillCall,
    SameDayWillCall,
    Reschedule,
    Redirect,
    Return,
    /// The change before is taken back.
    Cancel,
}

/// An address as labels and tracking show it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Address {
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) postal_code: String,
    pub(crate) country: String,
}

impl Address {
    /// The lines of a label.
    pub(crate) fn label_lines(&self) -> Vec<String> {
        let mut lines = vec![self.name.clone()];
        lines.extend(self.lines.iter().cloned());
        lines.push(format!("{} {} {}", self.city, self.state, self.postal_code));
        lines.push(self.country.clone());
        lines.retain(|line| !line.trim().is_empty());
        lines
    }
}

impl Address {
    pub(crate) fn zone(&self) -> TimeZone {
        crate::places::time_zone(&self.country, &self.state)
    }
}

impl Shipment {
    /// The tracking number of the first package, which names the shipment.
    pub(crate) fn id(&self) -> &str {
        self.packages
            .first()
            // A shipment always has a package; the empty name only avoids a panic.
            .map_or("", |first| &first.tracking_number)
    }

    pub(crate) fn is_voided(&self) -> bool {
        self.packages
            .iter()
            .all(|package| package.voided_at.is_some())
    }

    /// The day of creation, where it was shipped from.
    pub(crate) fn day(&self) -> Date {
        self.origin_zone().to_datetime(self.created_at).date()
    }

    pub(crate) fn origin_zone(&self) -> TimeZone {
        self.from.zone()
    }

    /// Whether UPS still has it: data is rolled off after some days, whatever asks for it.
    pub(crate) fn is_retained(&self, now: Timestamp, days: u32) -> bool {
        let kept = SignedDuration::from_hours(i64::from(days) * 24);
        now.duration_since(self.created_at) <= kept
    }
}

/// All shipments.
#[derive(Debug, Default)]
pub(crate) struct Shipments {
    inner: Mutex<Inner>,
    /// Grows with each change that may move what comes next for a package.
    version: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    /// By a number that only grows; the first is the oldest.
    shipments: VecDeque<Shipment>,
    /// Number of the first shipment in the queue.
    first: u64,
    by_tracking_number: HashMap<String, u64>,
    by_reference: HashMap<String, Vec<u64>>,
    /// Packages numbered so far.
    packages: u32,
    /// Packages in the queue.
    kept_packages: usize,
}

impl Inner {
    fn at(&mut self, number: u64) -> Option<&mut Shipment> {
        // Numbers are positions since the start, so the look-up needs no second map.
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.shipments.get_mut(index)
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.shipments.pop_front() else {
            return;
        };
        self.kept_packages -= oldest.packages.len();
        // The indexes shrink with the queue, or they would grow for ever.
        for package in &oldest.packages {
            self.by_tracking_number.remove(&package.tracking_number);
        }
        for reference in oldest.all_references() {
            if let Some(numbers) = self.by_reference.get_mut(reference) {
                numbers.retain(|number| *number != self.first);
                if numbers.is_empty() {
                    self.by_reference.remove(reference);
                }
            }
        }
        // Counted up even though entries go: later numbers must keep pointing at their shipments.
        self.first += 1;
    }
}

impl Shipment {
    fn all_references(&self) -> impl Iterator<Item = &String> {
        let of_packages = self.packages.iter().flat_map(|package| &package.references);
        self.references.iter().chain(of_packages)
    }
}

impl Shipments {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held leaves at worst one shipment half indexed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers for so many packages, the first of them.
    pub(crate) fn reserve(&self, packages: usize) -> u32 {
        let mut inner = self.lock();
        let first = inner.packages;
        let count = u32::try_from(packages).unwrap_or(u32::MAX);
        // Wraps after four thousand million packages; the number of digits repeats long before.
        inner.packages = first.wrapping_add(count);
        first
    }

    /// Grows whenever a shipment is made or changed.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// The shipments of a shipper that were made after a time, oldest first.
    pub(crate) fn of_shipper(&self, number: &str, after: Timestamp) -> Vec<Shipment> {
        let inner = self.lock();
        let shipments = inner.shipments.iter().filter(|shipment| {
            shipment.created_at >= after && shipment.shipper_number.eq_ignore_ascii_case(number)
        });
        shipments.cloned().collect()
    }

    /// Remembers a shipment.
    pub(crate) fn insert(&self, shipment: Shipment) {
        let mut inner = self.lock();
        self.changed();
        inner.kept_packages += shipment.packages.len();
        // Room is made first, so that the queue never holds more than its bound.
        while inner.shipments.len() >= MAX_SHIPMENTS
            // A shipment larger than the bound is still kept, alone.
            || inner.kept_packages > MAX_PACKAGES && !inner.shipments.is_empty()
        {
            inner.forget_oldest();
        }
        let number = inner.first + inner.shipments.len() as u64;
        for package in &shipment.packages {
            inner
                .by_tracking_number
                .insert(package.tracking_number.clone(), number);
        }
        for reference in shipment.all_references() {
            let numbers = inner.by_reference.entry(reference.clone()).or_default();
            // A reference may stand at several packages of one shipment and must find it once.
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
        inner.shipments.push_back(shipment);
    }

    /// Does something with the shipment of a tracking number.
    pub(crate) fn with<T>(
        &self,
        tracking_number: &str,
        action: impl FnOnce(&mut Shipment) -> T,
    ) -> Option<T> {
        // Clients paste numbers with blanks and in small letters.
        let key = tracking_number.trim().to_ascii_uppercase();
        let mut inner = self.lock();
        let number = *inner.by_tracking_number.get(&key)?;
        inner.at(number).map(action)
    }

    /// The newest shipments with a reference, of one shipper or of any, oldest first.
    pub(crate) fn with_reference(&self, reference: &str, shipper: Option<&str>) -> Vec<Shipment> {
        let inner = self.lock();
        let numbers = inner.by_reference.get(reference).map(Vec::as_slice);
        let mut found: Vec<Shipment> = numbers
            .unwrap_or_default()
            .iter()
            // Newest first, so that the bound drops the oldest.
            .rev()
            .filter_map(|number| {
                inner
                    .shipments
                    .get(usize::try_from(number - inner.first).ok()?)
            })
            .filter(|shipment| {
                let fits = |shipper: &str| shipment.shipper_number.eq_ignore_ascii_case(shipper);
                shipper.is_none_or(fits)
            })
            .take(MAX_FOUND)
            .cloned()
            .collect();
        // Callers show them in the order of creation.
        found.reverse();
        found
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Address, MAX_FOUND, MAX_PACKAGES, Package, Shipment, Shipments};
    use crate::places::{Region, US};
    use crate::products::rating::service::{Lane, Service};
    use crate::products::rating::transit::Commitment;

    fn shipment(number: usize, packages: usize) -> Shipment {
        let place = (US, Region::UnitedStates);
        let package = |index: usize| Package {
            tracking_number: format!("1Z{number}-{index}"),
            postal_number: None,
            weight: "1".to_owned(),
            voided_at: None,
            references: vec!["all".to_owned()],
            changes: Vec::new(),
        };
        Shipment {
            shipper_number: "A1B2C3".to_owned(),
            service: Service::parse("03").expect("known"),
            lane: Lane {
                from: place,
                to: place,
                residential: false,
            },
            commitment: Commitment {
                business_days: 1,
                by: None,
                clock: 230_000,
                guaranteed: false,
            },
            created_at: Timestamp::UNIX_EPOCH,
            packages: (0..packages).map(package).collect(),
            references: vec!["all".to_owned(), format!("one {number}")],
            from: Address::default(),
            to: Address::default(),
            weight_unit: "LBS",
        }
    }

    #[test]
    fn the_oldest_shipments_are_forgotten_with_their_numbers_and_references() {
        let shipments = Shipments::default();
        let each = 200;
        let most = MAX_PACKAGES / each;
        for number in 0..most + 3 {
            shipments.insert(shipment(number, each));
        }
        assert!(shipments.with("1Z2-7", |_| ()).is_none());
        assert!(shipments.with("1z3-7", |_| ()).is_some());
        assert!(shipments.with_reference("one 2", None).is_empty());
        assert_eq!(shipments.with_reference("one 3", Some("a1b2c3")).len(), 1);
        assert!(shipments.with_reference("one 3", Some("X9Y8Z7")).is_empty());
        let found = shipments.with_reference("all", None);
        assert_eq!(found.len(), MAX_FOUND);
        assert_eq!(
            found.last().map(Shipment::id),
            Some(format!("1Z{}-0", most + 2).as_str())
        );
        shipments.clear();
        assert!(shipments.with_reference("all", None).is_empty());
    }
}

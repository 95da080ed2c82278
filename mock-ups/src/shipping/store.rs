//! The shipments that were created: in memory, the oldest forgotten first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::rating::service::{Lane, Service};
use crate::rating::transit::Commitment;

/// How many shipments are kept.
const CAPACITY: usize = 20_000;

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
    pub(crate) weight: String,
    pub(crate) voided_at: Option<Timestamp>,
    pub(crate) references: Vec<String>,
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

impl Shipment {
    /// The tracking number of the first package, which names the shipment.
    pub(crate) fn id(&self) -> &str {
        self.packages
            .first()
            .map_or("", |first| &first.tracking_number)
    }

    pub(crate) fn is_voided(&self) -> bool {
        self.packages
            .iter()
            .all(|package| package.voided_at.is_some())
    }

    /// The day of creation.
    pub(crate) fn day(&self) -> Date {
        self.created_at.to_zoned(jiff::tz::TimeZone::UTC).date()
    }
}

/// All shipments.
#[derive(Debug, Default)]
pub(crate) struct Shipments {
    inner: Mutex<Inner>,
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
}

impl Inner {
    fn at(&mut self, number: u64) -> Option<&mut Shipment> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.shipments.get_mut(index)
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.shipments.pop_front() else {
            return;
        };
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
        inner.packages = first.wrapping_add(count);
        first
    }

    /// Remembers a shipment.
    pub(crate) fn insert(&self, shipment: Shipment) {
        let mut inner = self.lock();
        if inner.shipments.len() >= CAPACITY {
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
        let key = tracking_number.trim().to_ascii_uppercase();
        let mut inner = self.lock();
        let number = *inner.by_tracking_number.get(&key)?;
        inner.at(number).map(action)
    }

    /// The shipments with a reference, of one shipper or of any, oldest first.
    pub(crate) fn with_reference(&self, reference: &str, shipper: Option<&str>) -> Vec<Shipment> {
        let mut inner = self.lock();
        let numbers = inner
            .by_reference
            .get(reference)
            .cloned()
            .unwrap_or_default();
        let mut found = Vec::new();
        for number in numbers {
            if let Some(shipment) = inner.at(number) {
                let fits = |shipper: &str| shipment.shipper_number.eq_ignore_ascii_case(shipper);
                if shipper.is_none_or(fits) {
                    found.push(shipment.clone());
                }
            }
        }
        found
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }
}

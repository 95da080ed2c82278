//! The subscriptions, and the events that are due.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::api::{ApiRequest, Environment};
use crate::products::shipping::store::Shipments;
use crate::products::tracking::timeline::{Scan, ScanType, Timeline};

use super::event;
use super::request::Kind;

/// Subscriptions to packages at a time.
const MAX_PACKAGES: usize = 20_000;
/// Subscriptions to accounts at a time.
const MAX_ACCOUNTS: usize = 1_000;
/// Events that were asked for and are not yet delivered.
const MAX_ON_DEMAND: usize = 1_000;
/// How long a subscription to a package lives.
const LIFE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How often the clock is looked at while there are subscriptions.
const TICK: Duration = Duration::from_millis(100);

/// The package of an event, and the code of its scan.
type EventKey = (String, &'static str);

fn key(timeline: &Timeline, scan: &Scan) -> EventKey {
    (timeline.tracking_number.clone(), scan.step.code)
}

/// The events of one moment.
fn events_at(timeline: &Timeline, at: Timestamp) -> impl Iterator<Item = EventKey> {
    let scans = timeline.scans().iter().filter(move |scan| scan.at == at);
    scans.map(|scan| key(timeline, scan))
}

/// One subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    client_id: Arc<str>,
    environment: Environment,
    kind: Kind,
    preferences: Vec<&'static str>,
    made_at: Timestamp,
    expires_at: Timestamp,
    /// Events up to here have been handed out. None from before the subscription is.
    sent_until: Timestamp,
    /// The events of that very moment that are out: while the clock stands still, more can happen at it.
    sent_then: HashSet<EventKey>,
    /// No event is due before; the timeline is looked at only then.
    next_at: Timestamp,
}

impl Subscription {
    pub(super) fn new(call: &ApiRequest<'_>, kind: Kind, preferences: Vec<&'static str>) -> Self {
        Self {
            client_id: Arc::clone(&call.caller.client_id),
            environment: call.environment,
            kind,
            preferences: if kind == Kind::Enhanced {
                preferences
            } else {
                Vec::new()
            },
            made_at: call.now,
            expires_at: call.now.saturating_add(LIFE).unwrap_or(Timestamp::MAX),
            sent_until: call.now,
            sent_then: HashSet::new(),
            next_at: Timestamp::MIN,
        }
    }

    /// An account stays subscribed until it is unsubscribed.
    pub(super) fn endless(mut self) -> Self {
        self.expires_at = Timestamp::MAX;
        self
    }

    /// Whether events of this type are wanted. Updates come with exceptions, voids with manifests.
    fn wants(&self, scan: &ScanType) -> bool {
        let kind = match scan.kind {
            "U" => "X",
            "MV" => "M",
            kind => kind,
        };
        self.preferences.is_empty() || self.preferences.contains(&kind)
    }

    /// Hands out what happened to a package since the last time.
    fn take(&self, timeline: &Timeline, now: Timestamp, due: &mut Vec<(Timestamp, Alert)>) {
        let until = now.min(self.expires_at);
        let scans = timeline.scans().iter();
        let fresh = scans.filter(|scan| {
            let is_new = match scan.at.cmp(&self.sent_until) {
                Ordering::Less => false,
                Ordering::Equal => !self.sent_then.contains(&key(timeline, scan)),
                Ordering::Greater => true,
            };
            is_new && scan.at <= until
        });
        for scan in fresh.filter(|scan| self.wants(scan.step)) {
            due.push((scan.at, self.alert(timeline, scan)));
        }
    }

    /// Remembers what is out by now.
    fn mark(&mut self, timelines: &[Timeline], now: Timestamp) {
        if now > self.sent_until {
            self.sent_until = now;
            self.sent_then.clear();
        }
        let at = self.sent_until;
        self.sent_then.extend(
            timelines
                .iter()
                .flat_map(|timeline| events_at(timeline, at)),
        );
    }

    fn alert(&self, timeline: &Timeline, scan: &Scan) -> Alert {
        Alert {
            client_id: Arc::clone(&self.client_id),
            body: event::write(timeline, scan, self.kind),
        }
    }
}

/// An event to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    /// The oauth client that subscribed.
    pub(crate) client_id: Arc<str>,
    /// The JSON.
    pub(crate) body: String,
}

/// All subscriptions.
#[derive(Debug)]
pub(crate) struct Alerts {
    shipments: Arc<Shipments>,
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    packages: HashMap<String, Subscription>,
    accounts: HashMap<String, Subscription>,
    on_demand: VecDeque<Alert>,
    /// The state of the shipments at the last look.
    seen: u64,
}

impl Inner {
    fn is_idle(&self) -> bool {
        self.packages.is_empty() && self.accounts.is_empty() && self.on_demand.is_empty()
    }
}

/// A subscription for people.
#[derive(Debug)]
pub(crate) struct ShownSubscription {
    pub(crate) subject: String,
    pub(crate) client_id: Arc<str>,
    pub(crate) expires_at: Timestamp,
}

impl Alerts {
    pub(crate) fn new(shipments: Arc<Shipments>) -> Self {
        Self {
            shipments,
            inner: Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while the lock was held leaves at worst one event that is sent twice.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Subscribes to a package. A second subscription to it replaces the first one.
    pub(super) fn subscribe_package(&self, number: &str, mut subscription: Subscription) {
        if subscription.environment == Environment::Cie && event::is_test_number(number) {
            // UPS's test numbers send an event at once, so the newest one counts as still to come.
            let timeline = Timeline::of_sample(number, subscription.made_at);
            let newest = timeline.and_then(|timeline| {
                timeline
                    .until(subscription.made_at)
                    .last()
                    .map(|scan| scan.at)
            });
            if let Some(at) = newest {
                subscription.sent_until = at - SignedDuration::from_nanos(1);
            }
        }
        let made_at = subscription.made_at;
        let timeline = self.timeline(number, subscription.environment, made_at);
        // What happened at the moment of the subscription happened before it.
        subscription.sent_then = timeline
            .iter()
            .flat_map(|timeline| events_at(timeline, made_at))
            .collect();
        let mut inner = self.lock();
        if inner.packages.len() < MAX_PACKAGES || inner.packages.contains_key(number) {
            inner.packages.insert(number.to_owned(), subscription);
        }
        drop(inner);
        self.changed.notify_one();
    }

    pub(super) fn subscribe_account(&self, number: &str, mut subscription: Subscription) {
        let key = number.trim().to_ascii_uppercase();
        let made_at = subscription.made_at;
        let shipped = self.shipments.of_shipper(&key, made_at);
        let shipped: Vec<Timeline> = shipped.iter().flat_map(Timeline::of_shipment).collect();
        subscription.mark(&shipped, made_at);
        let mut inner = self.lock();
        if inner.accounts.len() < MAX_ACCOUNTS || inner.accounts.contains_key(&key) {
            inner.accounts.insert(key, subscription);
        }
        drop(inner);
        self.changed.notify_one();
    }

    /// `false`: there was no such subscription.
    pub(super) fn unsubscribe_account(&self, number: &str) -> bool {
        let key = number.trim().to_ascii_uppercase();
        self.lock().accounts.remove(&key).is_some()
    }

    /// Delivers an event now, whether or not somebody subscribed. `false`: too many are waiting.
    pub(crate) fn push_now(&self, alert: Alert) -> bool {
        let mut inner = self.lock();
        let fits = inner.on_demand.len() < MAX_ON_DEMAND;
        if fits {
            inner.on_demand.push_back(alert);
        }
        drop(inner);
        self.changed.notify_one();
        fits
    }

    /// An event of a type for a number, as if it happened now.
    pub(crate) fn made_up(&self, number: &str, event: &str, now: Timestamp) -> Option<Alert> {
        let step = event::by_name(event)?;
        let timeline = self.timeline(number, Environment::Cie, now);
        let timeline = timeline.unwrap_or_else(|| Timeline::unknown(number, now));
        let client_id = self
            .lock()
            .packages
            .get(number)
            .map(|known| Arc::clone(&known.client_id));
        Some(Alert {
            client_id: client_id.unwrap_or_else(|| "track-alert".into()),
            body: event::write(&timeline, &Scan { at: now, step }, Kind::Enhanced),
        })
    }

    fn timeline(
        &self,
        number: &str,
        environment: Environment,
        made_at: Timestamp,
    ) -> Option<Timeline> {
        let of_package = |shipment: &mut _| {
            let mut all = Timeline::of_shipment(shipment).into_iter();
            all.find(|timeline| timeline.tracking_number.eq_ignore_ascii_case(number))
        };
        let known = self.shipments.with(number, of_package).flatten();
        let is_test = environment == Environment::Cie;
        known.or_else(|| Timeline::of_sample(number, made_at).filter(|_| is_test))
    }

    /// The events that happened since the last time, oldest first.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Alert> {
        let mut due = Vec::new();
        let mut inner = self.lock();
        let version = self.shipments.version();
        // A void or a redirection changes what comes next, so nothing that was remembered holds.
        let all = std::mem::replace(&mut inner.seen, version) != version;
        for (number, subscription) in &mut inner.packages {
            if !all && subscription.next_at > now {
                continue;
            }
            let timeline = self.timeline(number, subscription.environment, subscription.made_at);
            if let Some(timeline) = &timeline {
                subscription.take(timeline, now, &mut due);
            }
            subscription.mark(timeline.as_slice(), now);
            let scans = timeline.iter().flat_map(|timeline| timeline.scans());
            let mut coming = scans.map(|scan| scan.at).filter(|at| *at > now);
            let next = coming.next().unwrap_or(Timestamp::MAX);
            subscription.next_at = next.min(subscription.expires_at);
        }
        inner
            .packages
            .retain(|_, subscription| subscription.expires_at > now);
        for (number, subscription) in &mut inner.accounts {
            let shipped = self.shipments.of_shipper(number, subscription.made_at);
            let timelines: Vec<Timeline> = shipped.iter().flat_map(Timeline::of_shipment).collect();
            for timeline in &timelines {
                subscription.take(timeline, now, &mut due);
            }
            subscription.mark(&timelines, now);
        }
        due.sort_by_key(|(at, _)| *at);
        let on_demand = inner.on_demand.drain(..);
        due.into_iter()
            .map(|(_, alert)| alert)
            .chain(on_demand)
            .collect()
    }

    /// Waits until something may be due.
    pub(crate) async fn wait(&self) {
        if self.lock().is_idle() {
            self.changed.notified().await;
        } else {
            // A moved clock tells nobody, so it is looked at.
            let _ = tokio::time::timeout(TICK, self.changed.notified()).await;
        }
    }

    pub(crate) fn list(&self) -> Vec<ShownSubscription> {
        let inner = self.lock();
        let all = inner.packages.iter().chain(&inner.accounts);
        let shown = |(subject, subscription): (&String, &Subscription)| ShownSubscription {
            subject: subject.clone(),
            client_id: Arc::clone(&subscription.client_id),
            expires_at: subscription.expires_at,
        };
        let mut list: Vec<_> = all.map(shown).collect();
        list.sort_by(|a, b| a.subject.cmp(&b.subject));
        list
    }

    pub(super) fn clear(&self) {
        *self.lock() = Inner::default();
    }
}

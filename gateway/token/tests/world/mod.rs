//! A simulated carrier, clock and shell around one lifecycle. Every step checks what must always
//! hold.

use gateway_model::{Failure, FailureClass, Generation, TokenBucket, TokenBucketPolicy};
use gateway_token::{
    AbsenceReason, AdoptedToken, Effect, Event, FlightId, Grant, GrantFate, GrantUpdate, Jitter,
    Lifecycle, LifecycleState, NextAttempt, Policy, RequestCause, SingleUse, SingleUseStatus,
};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

pub(crate) const BUDGET: TokenBucketPolicy = TokenBucketPolicy {
    burst: 6,
    interval: Duration::from_secs(5),
};

/// What the carrier does with a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// It works, but tokens live this many seconds.
    UpWithLifetime(u64),
    /// No connection.
    Unreachable,
    /// 5xx, and nothing happened.
    Unavailable,
    /// 429 with Retry-After.
    Limiting(u64),
    /// It works, but the answer is lost.
    AnswerLost,
    /// It works, but the answer is not understood.
    Garbage,
    ClientRefused,
    GrantRefused,
    PluginBroken,
    NoStore,
}

/// One acquisition that is out.
#[derive(Clone, Debug)]
struct Out {
    back_at: Instant,
    event: Event,
}

pub(crate) struct World {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) mode: Mode,
    pub(crate) now: Instant,
    /// Every token request that reached for the carrier.
    pub(crate) sent: Vec<Instant>,
    /// Only passing failures so far.
    pub(crate) only_passing: bool,
    random: u64,
    pub(crate) single_use: bool,
    budget: TokenBucket,
    timer: Option<Instant>,
    out: Option<Out>,
    last_answer: Option<Event>,
    published: Option<(Generation, Instant)>,
    newest: Generation,
    intent: Option<FlightId>,
    last_unauthorized: Option<Instant>,
    /// The refresh token that the carrier would accept, and the one that the shell has.
    accepted: u64,
    held: u64,
    presented: HashMap<u64, u32>,
    /// Why the last token was requested.
    last_reason: Option<RequestCause>,
    /// The last withdrawal: the carrier had refused both the token and the grant.
    refused: bool,
}

impl World {
    pub(crate) fn new(single_use: bool, seed: u64) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant has no other constructor"
        )]
        let now = Instant::now();
        let grant = if single_use {
            Grant::single_use(Some(now + Duration::from_secs(1_000)))
        } else {
            Grant::Repeatable
        };
        Self {
            lifecycle: Lifecycle::new(Policy::default(), grant),
            mode: Mode::Up,
            now,
            sent: Vec::new(),
            only_passing: true,
            random: seed | 1,
            single_use,
            budget: TokenBucket::default(),
            timer: None,
            out: None,
            last_answer: None,
            published: None,
            newest: Generation::NONE,
            intent: None,
            last_unauthorized: None,
            accepted: 1,
            held: 1,
            presented: HashMap::new(),
            last_reason: None,
            refused: false,
        }
    }

    /// A number in `[0, 1)` (xorshift).
    fn draw(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Feeds one event and carries the effects out; how many acquisitions it began.
    pub(crate) fn feed(&mut self, event: Event) -> usize {
        let (mut events, mut began) = (vec![event], 0);
        while let Some(event) = events.pop() {
            let jitter = Jitter::new(self.draw());
            let old = self.published;
            for effect in self.lifecycle.handle(self.now, event.clone(), jitter) {
                began += usize::from(self.begins(&effect));
                events.extend(self.carry_out(&event, effect));
            }
            if events.is_empty() {
                self.check(&event, old);
            }
        }
        began
    }

    fn begins(&self, effect: &Effect) -> bool {
        match effect {
            Effect::RecordIntent { .. } => true,
            Effect::RequestToken { .. } => !self.single_use,
            Effect::Publish { .. } | Effect::Withdraw { .. } | Effect::WakeAt(_) => false,
        }
    }

    fn carry_out(&mut self, cause: &Event, effect: Effect) -> Option<Event> {
        match effect {
            Effect::RecordIntent { flight, reason } => {
                assert!(self.single_use, "an intent for a repeatable grant");
                self.check_reason(reason);
                assert!(self.out.is_none(), "a second flight");
                let recorded = if self.mode == Mode::NoStore {
                    fail(flight, FailureClass::Transient, GrantFate::Unharmed)
                } else {
                    self.intent = Some(flight);
                    Event::IntentRecorded { flight }
                };
                self.answer(recorded, 0.1);
            }
            Effect::RequestToken { flight, reason } => {
                assert!(self.out.is_none(), "a second flight");
                self.last_reason = Some(reason);
                if self.single_use {
                    assert_eq!(
                        self.intent.take(),
                        Some(flight),
                        "presented without an intent"
                    );
                } else {
                    self.check_reason(reason);
                }
                if let Err(wait) = self.budget.take(BUDGET, self.now) {
                    let mut failure = failure(FailureClass::Transient);
                    failure.retry_after = Some(wait);
                    return Some(Event::Failed {
                        flight,
                        failure,
                        fate: GrantFate::Unharmed,
                    });
                }
                self.sent.push(self.now);
                let answer = self.carrier(flight, reason);
                self.answer(answer, 20.0);
            }
            Effect::Publish {
                generation,
                usable_until,
            } => {
                assert!(
                    matches!(cause, Event::Issued { .. } | Event::Adopted { .. }),
                    "published out of nothing"
                );
                assert_eq!(
                    generation,
                    self.newest.next(),
                    "a generation was skipped or repeated"
                );
                assert!(usable_until > self.now, "published an expired token");
                self.newest = generation;
                self.published = Some((generation, usable_until));
            }
            Effect::Withdraw { why, .. } => {
                let usable = self.published.is_some_and(|(_, until)| self.now < until);
                self.refused = matches!(&why, AbsenceReason::Failed(failure)
                    if failure.class == FailureClass::Interaction)
                    && (self.last_reason == Some(RequestCause::Unauthorized)
                        || matches!(cause, Event::Unauthorized { .. }));
                let purge = purges(cause) || self.refused;
                assert!(!usable || purge, "withdrew a usable token: {why:?}");
                assert!(usable || !matches!(why, AbsenceReason::Changed) || purge);
                self.published = None;
            }
            Effect::WakeAt(at) => self.timer = Some(at),
        }
        None
    }

    /// The carrier's own view of a request.
    fn carrier(&mut self, flight: FlightId, reason: RequestCause) -> Event {
        use FailureClass::{Bug, Interaction, Protocol, Rejected, Transient};
        let looked_at = !matches!(self.mode, Mode::Unreachable | Mode::ClientRefused);
        if self.single_use && looked_at {
            let times = self.presented.entry(self.held).or_default();
            *times += 1;
            let allowed = if reason == RequestCause::LastChance {
                2
            } else {
                1
            };
            assert!(
                *times <= allowed,
                "refresh token {} presented {times} times",
                self.held
            );
            if self.held != self.accepted {
                self.only_passing = false;
                return fail(flight, Interaction, GrantFate::Refused);
            }
        }
        let issue = |lifetime| Event::Issued {
            flight,
            lifetime: Some(Duration::from_secs(lifetime)),
            renew_after: None,
            grant: GrantUpdate::Replaced {
                lifetime: Some(Duration::from_secs(5_000)),
            },
        };
        match self.mode {
            Mode::Up | Mode::NoStore => {
                self.accepted += 1;
                issue(3_600)
            }
            Mode::UpWithLifetime(seconds) => {
                self.accepted += 1;
                issue(seconds)
            }
            Mode::Unreachable => fail(flight, Transient, GrantFate::Unharmed),
            Mode::Unavailable => fail(flight, Transient, GrantFate::Unknown),
            Mode::Limiting(seconds) => {
                let mut failure = failure(Transient);
                failure.retry_after = Some(Duration::from_secs(seconds));
                Event::Failed {
                    flight,
                    failure,
                    fate: GrantFate::Unknown,
                }
            }
            Mode::AnswerLost => {
                self.accepted += 1;
                fail(flight, Transient, GrantFate::Unknown)
            }
            Mode::Garbage => {
                self.accepted += 1;
                fail(flight, Protocol, GrantFate::Unknown)
            }
            Mode::ClientRefused => {
                self.only_passing = false;
                fail(flight, Rejected, GrantFate::Unharmed)
            }
            Mode::GrantRefused => {
                self.only_passing = false;
                fail(flight, Interaction, GrantFate::Refused)
            }
            Mode::PluginBroken => fail(flight, Bug, GrantFate::Unknown),
        }
    }

    fn check_reason(&mut self, reason: RequestCause) {
        if reason == RequestCause::Unauthorized {
            let quiet = self.last_unauthorized.map(|last| self.now - last);
            assert!(
                quiet.is_none_or(|quiet| quiet >= Duration::from_secs(60)),
                "{quiet:?}"
            );
            self.last_unauthorized = Some(self.now);
        }
    }

    fn answer(&mut self, event: Event, slowest: f64) {
        let latency = Duration::from_secs_f64(self.draw() * slowest);
        self.out = Some(Out {
            back_at: self.now + latency,
            event,
        });
    }

    /// What holds after every event.
    fn check(&self, event: &Event, old: Option<(Generation, Instant)>) {
        let state = self.lifecycle.state();
        if let Some((generation, until)) = self.published {
            assert!(
                self.now < until,
                "an expired token is still published in {state:?}"
            );
            assert_eq!(state.token().map(|t| t.generation), Some(generation));
            assert!(
                self.timer.is_some_and(|at| at <= until),
                "nothing will withdraw the token"
            );
        } else {
            assert!(
                state.token().is_none(),
                "{state:?} believes in a withdrawn token"
            );
        }
        if let (Some((_, until)), None) = (old, self.published) {
            assert!(
                self.refused || purges(event) || self.now >= until,
                "a valid token was not used to its end"
            );
        }
        assert_eq!(
            state.flight().is_some(),
            self.out.is_some(),
            "a flight was forgotten: {state:?}"
        );
        if !self.single_use && self.only_passing {
            assert!(
                !matches!(state, LifecycleState::Rejected { .. }),
                "a passing fault needs a person"
            );
        }
        if let LifecycleState::Fresh {
            token,
            next: NextAttempt::At(at),
            last_failure: None,
        } = state
        {
            let life = token.expires_at - token.issued_at;
            assert!(
                life < Duration::from_secs(2) || *at <= token.usable_until,
                "renewed too late"
            );
        }
        if let LifecycleState::BackingOff { until, .. } = state {
            assert!(
                self.timer.is_some_and(|at| at <= *until),
                "nothing ends the back-off"
            );
        }
    }

    /// Lets time pass; timers and answers come in their order, timers up to `late` late.
    pub(crate) fn advance(&mut self, span: Duration, late: Duration) {
        let end = self.now + span;
        loop {
            let timer = self.timer.map(|at| (at + late).max(self.now));
            let back = self.out.as_ref().map(|out| out.back_at);
            let Some(next) = [timer, back]
                .into_iter()
                .flatten()
                .min()
                .filter(|at| *at <= end)
            else {
                break;
            };
            self.now = self.now.max(next);
            if back == Some(next) {
                let Some(Out { event, .. }) = self.out.take() else {
                    break;
                };
                self.come_back(event);
            } else {
                self.timer = None;
                self.feed(Event::TimerFired);
            }
        }
        self.now = end;
        // Whatever is asked next, an expired token is gone.
        if late > Duration::ZERO {
            self.feed(Event::TimerFired);
        }
    }

    /// What is out comes back now.
    pub(crate) fn answer_at_once(&mut self) {
        if let Some(Out { event, .. }) = self.out.take() {
            self.come_back(event);
        }
    }

    fn come_back(&mut self, event: Event) {
        if matches!(event, Event::Issued { .. }) {
            // The shell makes the new refresh token durable before anything else happens.
            self.held = self.accepted;
        }
        self.last_answer = Some(event.clone());
        self.feed(event);
    }

    /// The last answer comes a second time.
    pub(crate) fn repeat_answer(&mut self) {
        if let Some(answer) = self.last_answer.clone() {
            let before = (self.newest, self.published);
            assert_eq!(self.feed(answer), 0, "an old answer began an acquisition");
            if before.1.is_some_and(|(_, until)| self.now < until) {
                assert_eq!(
                    before,
                    (self.newest, self.published),
                    "an old answer was believed"
                );
            }
        }
    }

    /// A person replaces the client secret.
    pub(crate) fn change(&mut self) {
        self.last_unauthorized = None;
        self.only_passing = true;
        self.feed(Event::CredentialsChanged);
    }

    /// A person signs in, which brings a token and a refresh token of its own.
    pub(crate) fn sign_in(&mut self) {
        self.last_unauthorized = None;
        self.only_passing = true;
        let grant = if self.single_use {
            self.accepted += 1_000;
            self.held = self.accepted;
            Grant::single_use(None)
        } else {
            Grant::Repeatable
        };
        self.intent = None;
        let late = self.out.take();
        let token = AdoptedToken {
            lifetime: Some(Duration::from_secs(3_600)),
            renew_after: None,
            standby: None,
        };
        self.feed(Event::Adopted {
            grant,
            token: Some(token),
        });
        if let Some(Out { event, .. }) = late {
            let before = (self.newest, self.published);
            assert_eq!(self.feed(event), 0, "the old login began an acquisition");
            assert_eq!(
                before,
                (self.newest, self.published),
                "the old login was believed"
            );
        }
    }

    /// Another gateway has renewed the token. If it is gone since, this one renews it.
    pub(crate) fn renewed_elsewhere(&mut self, alive: bool) {
        // A flight that is out here is fenced: its answer is dropped.
        (self.out, self.intent) = (None, None);
        let grant = if self.single_use {
            self.accepted += 1;
            self.held = self.accepted;
            Grant::single_use(None)
        } else {
            Grant::Repeatable
        };
        let token = AdoptedToken {
            lifetime: Some(Duration::from_secs(3_600)),
            renew_after: None,
            standby: Some(Duration::from_secs(15)),
        };
        self.feed(Event::Adopted {
            grant,
            token: Some(token),
        });
        if !alive {
            self.feed(Event::StandbyEnded);
        }
    }

    /// The process dies and comes back with what was durable: the answer that was out is lost.
    pub(crate) fn restart(&mut self) {
        let grant = match *self.lifecycle.grant() {
            Grant::SingleUse(single) => Grant::SingleUse(SingleUse {
                status: match single.status {
                    SingleUseStatus::Presenting => SingleUseStatus::OutcomeUnknown,
                    SingleUseStatus::LastChance => SingleUseStatus::Spent,
                    same @ (SingleUseStatus::Held
                    | SingleUseStatus::OutcomeUnknown
                    | SingleUseStatus::Spent) => same,
                },
                ..single
            }),
            Grant::Repeatable => Grant::Repeatable,
        };
        let token = self.published.map(|(_, until)| AdoptedToken {
            lifetime: Some(until.saturating_duration_since(self.now)),
            renew_after: None,
            standby: None,
        });
        self.lifecycle = Lifecycle::new(Policy::default(), grant);
        (self.out, self.timer, self.intent) = (None, None, None);
        (self.published, self.last_answer) = (None, None);
        (self.newest, self.last_unauthorized) = (Generation::NONE, None);
        self.feed(Event::Adopted { grant, token });
    }

    /// `count` requests come back with 401 for a token `age` generations old.
    pub(crate) fn unauthorized(&mut self, age: u64, count: usize) {
        let generation = Generation(self.newest.0.saturating_sub(age));
        let outdated = self
            .published
            .is_none_or(|(newest, _)| generation != newest);
        let before = self.lifecycle.state().flight().is_some();
        // Time passed may have begun one; only what the 401s themselves begin counts.
        self.feed(Event::TimerFired);
        let began: usize = (0..count)
            .map(|_| self.feed(Event::Unauthorized { generation }))
            .sum();
        assert!(began <= 1, "{count} parallel 401s began {began} renewals");
        assert!(
            began == 0 || !(outdated || before),
            "a 401 about an older token began a renewal"
        );
    }

    /// The mint budget, seen from the carrier: no window holds more than it may.
    pub(crate) fn check_budget(&self) {
        for (first, from) in self.sent.iter().enumerate() {
            for (last, to) in self.sent.iter().enumerate().skip(first) {
                let refilled = (*to - *from).as_secs_f64() / BUDGET.interval.as_secs_f64();
                let count = last - first + 1;
                assert!(
                    count as f64 <= f64::from(BUDGET.burst) + refilled + 1e-6,
                    "{count} requests in {:?}",
                    *to - *from,
                );
            }
        }
    }
}

/// Whether the event may take a usable token away.
const fn purges(event: &Event) -> bool {
    matches!(event, Event::CredentialsChanged | Event::Adopted { .. })
}

fn failure(class: FailureClass) -> Failure {
    Failure::new(class, "code", "it failed")
}

fn fail(flight: FlightId, class: FailureClass, fate: GrantFate) -> Event {
    Event::Failed {
        flight,
        failure: failure(class),
        fate,
    }
}

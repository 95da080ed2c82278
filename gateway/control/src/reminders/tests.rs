//! Who is spoken of, when, and with which words.

mod case;

use super::{
    decide::{Plan, decide},
    task::until_next_review,
    text::MessageContext,
};
use case::{Case, DAY, HOUR, NOW, at};
use gateway_model::{FailureClass, GrantStatus, NoticeKind, UnavailableReason};
use gateway_store::NoticeRecord;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::time::Duration;

/// What it is, how it stands, what is said of it.
type Row = (&'static str, Case, Option<NoticeKind>);

/// A person signed in, and time went by.
fn of_time() -> Vec<Row> {
    use FailureClass as Class;
    use NoticeKind as Kind;
    vec![
        ("healthy", Case::consent(59 * DAY), None),
        ("eight days left", Case::consent(8 * DAY), None),
        ("a week left", Case::consent(7 * DAY), Some(Kind::Ending)),
        ("a minute left", Case::consent(60), Some(Kind::Ending)),
        ("over", Case::consent(0), Some(Kind::Ended)),
        (
            "renewed a moment ago, of a carrier with short grants",
            Case::consent(5 * DAY).with(|case| {
                case.status().facts.refresh_issued_at_ms = Some((NOW - HOUR) * 1000);
            }),
            None,
        ),
        (
            "renewals do not put the end off",
            Case::consent(5 * DAY).with(|case| {
                case.status().facts.refresh_issued_at_ms = None;
            }),
            Some(Kind::Ending),
        ),
        (
            "being renewed",
            Case::consent(5 * DAY).with(|case| case.status().state = "renewing"),
            None,
        ),
        (
            "the carrier is down, long before the end",
            Case::consent(50 * DAY).failing(Class::Transient),
            None,
        ),
    ]
}

/// A person signed in, and something happened to that.
fn of_sign_ins() -> Vec<Row> {
    use NoticeKind as Kind;
    use UnavailableReason as Reason;
    vec![
        (
            "refused, and the old token serves on",
            Case::consent(50 * DAY).granted(GrantStatus::Spent),
            Some(Kind::Refused),
        ),
        (
            "refused long ago",
            Case::consent(0).granted(GrantStatus::Spent),
            Some(Kind::Ended),
        ),
        (
            "the answer was lost",
            Case::consent(50 * DAY).granted(GrantStatus::OutcomeUnknown),
            Some(Kind::InDoubt),
        ),
        (
            "restored from a backup",
            Case::consent(50 * DAY)
                .granted(GrantStatus::OutcomeUnknown)
                .restored(),
            Some(Kind::InDoubt),
        ),
        (
            "the last chance is under channel",
            Case::consent(50 * DAY).granted(GrantStatus::LastChance),
            None,
        ),
        (
            "nobody signed in yet",
            Case::consent(DAY)
                .without_token(Reason::NeedsConsent)
                .granted(GrantStatus::Spent)
                .with(|case| case.grant = None),
            None,
        ),
        (
            "not kept by the broker yet",
            Case::consent(0).with(|case| case.status = None),
            None,
        ),
        (
            "switched off",
            Case::consent(0).with(|case| case.account.active = false),
            None,
        ),
    ]
}

/// Nobody has to sign in.
fn of_clients() -> Vec<Row> {
    use FailureClass as Class;
    use NoticeKind as Kind;
    use UnavailableReason as Reason;
    vec![
        (
            "the secret is refused, and the old token serves on",
            Case::client().failing(Class::Rejected),
            Some(Kind::Refused),
        ),
        (
            "the secret is refused",
            Case::client().without_token(Reason::CredentialsRejected),
            Some(Kind::Refused),
        ),
        (
            "no plugin",
            Case::client().without_token(Reason::Misconfigured),
            Some(Kind::Misconfigured),
        ),
        (
            "the carrier is down",
            Case::client().without_token(Reason::CarrierUnreachable),
            None,
        ),
        (
            "refused before the credentials that it has now",
            Case::client().failing(Class::Rejected).with(|case| {
                case.status().issued_at = Some(at(NOW - 30));
            }),
            None,
        ),
    ]
}

#[test]
fn reasons_are_told_apart() {
    let rows = of_time()
        .into_iter()
        .chain(of_sign_ins())
        .chain(of_clients());
    for (name, case, expected) in rows {
        assert_eq!(case.kind(), expected, "{name}");
    }
}

// The date is in the operator's zone, and the carrier's line break is gone.
#[test]
fn message_says_when_and_what_to_do() {
    let ending = Case::consent(3 * DAY).failing(FailureClass::Transient);
    assert_eq!(
        ending.message(),
        "The sign-in of account main (ups, production) ends on 2026-04-04 at 12:00 CEST (in 3 \
         days), and the gateway cannot extend it: no  thanks (250002). From then on requests for \
         the account get an error instead of reaching the carrier. A person must sign in at the \
         carrier again: `waybill account authorize main`, or open \
         https://waybill.example.com/ui/accounts/main"
    );
    let doubtful = |case: Case| case.granted(GrantStatus::OutcomeUnknown).message();
    let lost = doubtful(Case::consent(50 * DAY));
    assert!(
        lost.contains("response to the last renewal was lost"),
        "{lost}"
    );
    let restored = doubtful(Case::consent(50 * DAY).restored());
    let says = "It is not known whether the sign-in of account main (ups, production) is still valid: \
                the store was restored from the backup of 2026-03-30 at 12:00 CEST, and the sign-in may \
                have been renewed since.";
    assert!(
        restored.contains(says) && !restored.contains("lost"),
        "{restored}"
    );
    let spent = Case::consent(50 * DAY)
        .restored()
        .granted(GrantStatus::Spent);
    let spent = spent.message();
    let says = "The store was restored from the backup of 2026-03-30 at 12:00 CEST";
    assert!(spent.contains(says), "{spent}");
    let refused = Case::client().failing(FailureClass::Rejected).message();
    for part in [
        "refuses the client id and secret of account main (ups, production): no  thanks (250002)",
        "When its present token expires, on 2026-04-01 at 13:00 CEST, requests",
        "`waybill account rotate-secret main`",
    ] {
        assert!(refused.contains(part), "{part:?} is not in {refused:?}");
    }
}

#[test]
fn notice_is_repeated_at_midnight_of_the_zone() {
    let case = Case::consent(5 * DAY);
    let open = case.plan(&[]).open;
    assert_eq!(open[0].day, "2026-04-01");
    assert_eq!(case.plan(&open), Plan::default());
    // 21:59 UTC is 23:59 there.
    assert_eq!(case.plan_at(NOW + 12 * HOUR - 60, &open), Plan::default());
    let next = case.plan_at(NOW + 12 * HOUR, &open);
    assert_eq!(next.open[0].day, "2026-04-02");
    // The clock was set back a day.
    assert_eq!(case.plan_at(NOW - DAY, &open), Plan::default());
}

#[test]
fn notices_of_an_account_that_is_gone_are_closed() {
    let open = Case::consent(0).plan(&[]).open;
    let zone = TimeZone::UTC;
    let context = MessageContext {
        zone: &zone,
        admin: "",
        now: at(NOW),
    };
    let plan = decide(&context, 7, &[], &open);
    let gone = ("main".parse().unwrap(), vec![NoticeKind::Ended]);
    assert_eq!((plan.open.len(), plan.close), (0, vec![gone]));
}

/// What the store does with a plan.
fn carry_out(plan: Plan, open: &mut Vec<NoticeRecord>) {
    for (account, kinds) in plan.close {
        open.retain(|notice| notice.account != account || !kinds.contains(&notice.kind));
    }
    for new in plan.open {
        open.retain(|notice| notice.kind != new.kind);
        open.push(new);
    }
}

fn any_case() -> impl Strategy<Value = Case> {
    let classes = [
        FailureClass::Transient,
        FailureClass::Rejected,
        FailureClass::Config,
        FailureClass::Interaction,
    ];
    let grants = [
        GrantStatus::Held,
        GrantStatus::Presenting,
        GrantStatus::OutcomeUnknown,
        GrantStatus::Spent,
    ];
    (
        0..60 * DAY,
        prop::option::of(prop::sample::select(classes.to_vec())),
        prop::sample::select(grants.to_vec()),
        any::<(bool, bool, bool)>(),
    )
        .prop_map(|(left, class, grant, (active, client, busy))| {
            let mut case = if client {
                Case::client()
            } else {
                Case::consent(left).granted(grant)
            };
            if let Some(class) = class {
                case = case.failing(class);
            }
            case.account.active = active;
            if busy {
                case.status().state = "renewing";
            }
            case
        })
}

/// Otherwise one call that the store did not answer would delay what people are told by five minutes.
#[test]
fn review_that_failed_is_repeated_soon() {
    for fraction in [0.0, 0.5, 1.0] {
        assert!(until_next_review(false, fraction) < Duration::from_secs(60));
        assert!(until_next_review(true, fraction) > Duration::from_secs(4 * 60));
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]

    /// Whatever happens: one notice of an account is open at most, none is made twice on one day
    /// while it is open, none of an account that is switched off, and none is left when all is well.
    #[test]
    fn people_hear_of_it_once_a_day(cases in prop::collection::vec((any_case(), 0..3 * DAY), 1..30)) {
        let mut open = Vec::new();
        let mut now = NOW;
        for (case, pause) in cases {
            now += pause;
            let plan = case.plan_at(now, &open);
            for new in &plan.open {
                prop_assert!(case.account.active);
                let twice = |old: &NoticeRecord| old.kind == new.kind && old.day == new.day;
                prop_assert!(!open.iter().any(twice), "{new:?} while open: {open:?}");
            }
            carry_out(plan, &mut open);
            prop_assert!(open.len() <= 1, "{open:?}");
            prop_assert!(case.account.active || open.is_empty(), "{open:?}");
            // At once again: nothing is left to do.
            prop_assert_eq!(case.plan_at(now, &open), Plan::default());
        }
        let healthy = Case::consent(59 * DAY);
        carry_out(healthy.plan(&open), &mut open);
        prop_assert_eq!(open, Vec::new());
    }
}

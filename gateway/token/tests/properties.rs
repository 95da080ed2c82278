//! Random orders of events, checked against everything that must always hold (see `world`).

mod world;

use gateway_token::{Event, LifecycleState};
use proptest::prelude::*;
use std::time::Duration;
use world::{Mode, World};

#[derive(Clone, Copy, Debug)]
enum Action {
    Demand,
    Advance { ms: u64, late_ms: u64 },
    Unauthorized { age: u64, count: usize },
    Carrier(Mode),
    Operator,
    Change,
    SignIn,
    Elsewhere { alive: bool },
    Restart,
    StrayTimer,
    RepeatAnswer,
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        4 => Just(Mode::Up),
        2 => (0_u64..200).prop_map(Mode::UpWithLifetime),
        2 => Just(Mode::Unreachable),
        2 => Just(Mode::Unavailable),
        1 => (0_u64..100_000).prop_map(Mode::Limiting),
        1 => Just(Mode::AnswerLost),
        1 => Just(Mode::Garbage),
        1 => Just(Mode::ClientRefused),
        1 => Just(Mode::GrantRefused),
        1 => Just(Mode::PluginBroken),
        1 => Just(Mode::NoStore),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let late = prop_oneof![3 => Just(0_u64), 1 => 0_u64..5_000];
    let span = prop_oneof![0_u64..5_000, 0_u64..120_000, 0_u64..4_000_000];
    prop_oneof![
        6 => Just(Action::Demand),
        8 => (span, late).prop_map(|(ms, late_ms)| Action::Advance { ms, late_ms }),
        4 => (0_u64..3, 1_usize..20).prop_map(|(age, count)| Action::Unauthorized { age, count }),
        3 => mode().prop_map(Action::Carrier),
        1 => Just(Action::Operator),
        1 => Just(Action::Change),
        1 => Just(Action::SignIn),
        1 => any::<bool>().prop_map(|alive| Action::Elsewhere { alive }),
        1 => Just(Action::Restart),
        1 => Just(Action::StrayTimer),
        1 => Just(Action::RepeatAnswer),
    ]
}

fn play(world: &mut World, actions: &[Action]) {
    for action in actions {
        match *action {
            Action::Demand => {
                world.feed(Event::Demanded);
            }
            Action::Advance { ms, late_ms } => {
                world.advance(Duration::from_millis(ms), Duration::from_millis(late_ms));
            }
            Action::Unauthorized { age, count } => world.unauthorized(age, count),
            Action::Carrier(mode) => world.mode = mode,
            Action::Operator => {
                world.feed(Event::OperatorAsked);
            }
            Action::Change => world.change(),
            Action::SignIn => world.sign_in(),
            Action::Elsewhere { alive } => world.renewed_elsewhere(alive),
            Action::Restart => world.restart(),
            Action::StrayTimer => {
                world.feed(Event::TimerFired);
            }
            Action::RepeatAnswer => world.repeat_answer(),
        }
    }
    world.check_budget();
}

/// The carrier recovers, requests come in, and whoever must act has acted.
fn recovers(world: &mut World) {
    world.mode = Mode::Up;
    // Long enough for any wait of before, and for a token of a grant that cannot be used again.
    for _ in 0..720 {
        world.feed(Event::Demanded);
        world.advance(Duration::from_secs(10), Duration::ZERO);
        let by_hand = matches!(
            world.lifecycle.state(),
            LifecycleState::Rejected { probe_at: None, .. }
        );
        if by_hand && world.single_use {
            world.sign_in();
        } else if by_hand {
            world.change();
        }
    }
    let state = world.lifecycle.state();
    assert!(
        state.token().is_some(),
        "no token after two good hours: {state:?}"
    );
}

proptest! {
    #![proptest_config(tests_kit::properties(128))]

    #[test]
    fn repeatable_grant_keeps_every_invariant(
        seed: u64,
        actions in proptest::collection::vec(action(), 1..80),
    ) {
        let mut world = World::new(false, seed);
        play(&mut world, &actions);
        recovers(&mut world);
    }

    #[test]
    fn single_use_grant_keeps_every_invariant(
        seed: u64,
        actions in proptest::collection::vec(action(), 1..80),
    ) {
        let mut world = World::new(true, seed);
        play(&mut world, &actions);
        recovers(&mut world);
    }

    #[test]
    fn carrier_that_is_down_is_asked_about_once_a_minute(
        seed: u64,
        (mode, most) in prop_oneof![
            Just((Mode::Unreachable, 100)),
            Just((Mode::Unavailable, 100)),
            Just((Mode::Garbage, 30)),
            Just((Mode::PluginBroken, 40)),
            Just((Mode::ClientRefused, 12)),
            Just((Mode::GrantRefused, 1)),
        ],
    ) {
        // An hour of failure under a demand every second.
        let mut world = World::new(false, seed);
        world.mode = mode;
        for _ in 0..3_600 {
            world.feed(Event::Demanded);
            world.advance(Duration::from_secs(1), Duration::ZERO);
        }
        prop_assert!(world.sent.len() <= most, "{} requests in an hour", world.sent.len());
        recovers(&mut world);
    }

    #[test]
    fn upstream_that_always_answers_401_costs_few_tokens(seed: u64) {
        // A thousand refused calls a minute for an hour.
        let mut world = World::new(false, seed);
        world.feed(Event::Demanded);
        world.advance(Duration::from_secs(60), Duration::ZERO);
        for _ in 0..3_600 {
            world.unauthorized(0, 17);
            world.advance(Duration::from_secs(1), Duration::ZERO);
        }
        // 60 s, 120 s, 240 s, then every 300 s; and the tokens' own renewals.
        prop_assert!(world.sent.len() <= 18, "{} requests in an hour", world.sent.len());
    }

    #[test]
    fn mint_budget_holds_whatever_is_asked(
        seed: u64,
        pauses in proptest::collection::vec(0_u64..3_000, 100..200),
    ) {
        // An operator who never stops clicking.
        let mut world = World::new(false, seed);
        world.mode = Mode::UpWithLifetime(60);
        for pause in pauses {
            world.feed(Event::OperatorAsked);
            world.advance(Duration::from_millis(pause), Duration::ZERO);
            world.answer_at_once();
        }
        prop_assert!(world.sent.len() > world::BUDGET.burst as usize);
        world.check_budget();
    }

    #[test]
    fn ten_hours_of_ordinary_work_never_lack_a_token(seed: u64, lifetime in 60_u64..20_000) {
        // As many tokens as lifetimes ask for, and always one to use.
        let mut world = World::new(false, seed);
        world.mode = Mode::UpWithLifetime(lifetime);
        world.feed(Event::Demanded);
        world.advance(Duration::from_secs(21), Duration::ZERO);
        for _ in 0..3_600 {
            world.advance(Duration::from_secs(10), Duration::ZERO);
            if lifetime >= 300 {
                prop_assert!(world.lifecycle.state().token().is_some(), "a gap");
            }
        }
        let fewest_expected = 36_000 / lifetime;
        prop_assert!(world.sent.len() as u64 >= fewest_expected);
        prop_assert!((world.sent.len() as u64) <= 36_021 * 100 / (lifetime * 70) + 2);
    }
}

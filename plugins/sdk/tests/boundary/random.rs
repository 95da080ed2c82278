//! Any order of events, dropped anywhere.

use crate::{
    host::{Emitted, event},
    plugin::{live, open},
};
use plugins_sdk::abi::{EventKind, Status};

/// Small and repeatable; no library, so that Miri need not run one.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

#[test]
fn any_events_keep_the_contract() {
    const MODES: [&str; 6] = [
        "sequential",
        "unordered",
        "join",
        "race",
        "deadline",
        "race-and-end",
    ];
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    for seed in 0..rounds {
        let mut dice = Dice(seed);
        let mode = MODES[usize::try_from(dice.roll(6)).unwrap()];
        let (account, number) = open(mode);
        let (_, mut op, emitted) = account.begin();
        let mut asked = 0;
        let mut ended = follow(&mut asked, false, &emitted);
        for _ in 0..dice.roll(12) {
            let kinds = [1, 1, 1, EventKind::HTTP_ERROR, EventKind::TIMER, 9];
            let mut event = event(kinds[usize::try_from(dice.roll(6)).unwrap()], dice.roll(6));
            event.status = u32::try_from(dice.roll(700)).unwrap();
            let (status, emitted) = op.resume(&event);
            assert!(
                [Status::OK, Status::UNSUPPORTED].contains(&status),
                "{mode}, seed {seed}"
            );
            ended = follow(&mut asked, ended, &emitted);
        }
        drop(op);
        drop(account);
        assert_eq!(live(number), 0, "{mode}, seed {seed}");
    }
}

/// Numbers rise, nothing comes after the end, and the end comes once and last.
fn follow(asked: &mut u64, mut ended: bool, emitted: &[Emitted]) -> bool {
    for one in emitted {
        assert!(!ended, "after the end: {one:?}");
        match one {
            Emitted::Http { id, .. } | Emitted::Timer { id, .. } => {
                assert!(*id > *asked);
                *asked = *id;
            }
            Emitted::Cancel(id) => assert!(*id <= *asked),
            Emitted::Done { .. } | Emitted::Failed { .. } => ended = true,
        }
    }
    ended
}

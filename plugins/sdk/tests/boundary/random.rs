//! Any order of events, dropped anywhere.

use crate::events::check;

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
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    for seed in 0..rounds {
        let mut dice = Dice(seed);
        let events = dice.roll(12);
        let bytes = (0..=events * 4).map(|_| u8::try_from(dice.roll(256)).expect("a byte"));
        let bytes: Vec<u8> = bytes.collect();
        // Captured by the test runner, and shown if it fails.
        println!("seed {seed}: {bytes:?}");
        check(&bytes);
    }
}

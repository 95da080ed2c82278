//! The state word of an entry: what it waits for, and for which request.

/// What an entry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The worker process; the gateway looks for the answer by itself.
    Ready,
    /// The worker process, which has to ring the bell.
    Parked,
    /// The gateway.
    Done,
}

/// A state word. Only the gateway numbers requests, so an answer to another one is told by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State(u32);

const PHASE_BITS: u32 = 2;
const PHASE: u32 = (1 << PHASE_BITS) - 1;

impl State {
    pub(crate) const fn new(sequence: u32, phase: Phase) -> Self {
        let phase = match phase {
            Phase::Ready => 1,
            Phase::Parked => 2,
            Phase::Done => 3,
        };
        Self(sequence << PHASE_BITS | phase)
    }

    pub(crate) const fn from_word(word: u32) -> Self {
        Self(word)
    }

    pub(crate) const fn word(self) -> u32 {
        self.0
    }

    /// None if no side writes such a word.
    pub(crate) const fn phase(self) -> Option<Phase> {
        match self.0 & PHASE {
            1 => Some(Phase::Ready),
            2 => Some(Phase::Parked),
            3 => Some(Phase::Done),
            _ => None,
        }
    }

    /// The same request in another phase.
    pub(crate) const fn with(self, phase: Phase) -> Self {
        Self::new(self.0 >> PHASE_BITS, phase)
    }
}

/// The number of the next request; it has fewer bits than its type.
pub(crate) const fn next(sequence: u32) -> u32 {
    sequence.wrapping_add(1) & (u32::MAX >> PHASE_BITS)
}

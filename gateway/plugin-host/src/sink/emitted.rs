//! What one call emitted, copied but not checked against HTTP or the manifest.

use crate::{GrantChange, Limits, Violation};
use bytes::Bytes;
use gateway_model::{Failure, SecretBytes, TokenFacts};
use std::sync::{Mutex, PoisonError};

/// Emissions that one call may make; more than all outstanding requests, taken back and made anew.
pub(crate) const MAX_EMISSIONS: usize = 64;

/// Name and value of a field as the plugin wrote them; HTTP may allow neither.
pub(crate) type UncheckedField = (Vec<u8>, Vec<u8>);

/// A request as the plugin wrote it.
pub(crate) struct EmittedRequest {
    pub(crate) id: u64,
    pub(crate) method: Vec<u8>,
    pub(crate) url: Vec<u8>,
    pub(crate) fields: Vec<UncheckedField>,
    pub(crate) body: Bytes,
    pub(crate) timeout_ms: u32,
}

/// What the plugin wants done, in its order.
pub(crate) enum Emission {
    Http(EmittedRequest),
    Timer { id: u64, delay_ms: u64 },
    Cancel { id: u64 },
}

/// A credential as the plugin wrote it.
pub(crate) struct EmittedCredential {
    pub(crate) fields: Vec<UncheckedField>,
    pub(crate) ttl_ms: u64,
    pub(crate) refresh_after_ms: u64,
    pub(crate) state: SecretBytes,
    pub(crate) query: bool,
    pub(crate) grant: GrantChange,
    pub(crate) facts: TokenFacts,
    pub(crate) slots: Vec<EmittedSlot>,
}

/// A slot other than the first, as the plugin wrote it.
#[derive(Default)]
pub(crate) struct EmittedSlot {
    /// Its place in the manifest's list, which may have no such place.
    pub(crate) place: u32,
    pub(crate) fields: Vec<UncheckedField>,
    /// Zero: as long as the credential.
    pub(crate) ttl_ms: u64,
    pub(crate) failure: Option<Failure>,
}

/// How an operation ends.
pub(crate) enum OpEnd {
    Done(EmittedCredential),
    Failed(Failure),
}

impl OpEnd {
    pub(crate) fn failure(self) -> Option<Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Done(_) => None,
        }
    }
}

/// All that one call emitted.
#[derive(Default)]
pub(crate) struct Emitted {
    pub(crate) emissions: Vec<Emission>,
    pub(crate) end: Option<OpEnd>,
    pub(crate) violation: Option<Violation>,
}

impl Emitted {
    pub(super) fn push(&mut self, emission: Result<Emission, Violation>) {
        match emission {
            // Before it is kept, so that a loop in a plugin cannot fill the memory.
            Ok(_) if self.emissions.len() >= MAX_EMISSIONS => self.violate(Violation::TooMany {
                what: "emissions in one call",
                max: MAX_EMISSIONS,
            }),
            Ok(emission) => self.emissions.push(emission),
            Err(violation) => self.violate(violation),
        }
    }

    pub(super) fn end(&mut self, end: Result<OpEnd, Violation>) {
        match end {
            // Of two ends nobody knows which was meant.
            Ok(_) if self.end.is_some() => self.violate(Violation::TwoEnds),
            Ok(end) => self.end = Some(end),
            Err(violation) => self.violate(violation),
        }
    }

    /// Keeps the first violation: the later ones are often its consequences.
    fn violate(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }
}

/// What the `ctx` of a sink points at.
pub(super) struct Recorder {
    limits: Limits,
    // A lock, because a plugin that breaks the rules calls from several threads at once. A plugin that
    // keeps them never waits for it.
    emitted: Mutex<Emitted>,
}

impl Recorder {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            emitted: Mutex::default(),
        }
    }

    pub(super) fn with(&self, act: impl FnOnce(&Limits, &mut Emitted)) {
        let mut emitted = self.emitted.lock().unwrap_or_else(PoisonError::into_inner);
        act(&self.limits, &mut emitted);
    }

    pub(super) fn into_emitted(self) -> Emitted {
        let emitted = self.emitted.into_inner();
        emitted.unwrap_or_else(PoisonError::into_inner)
    }
}

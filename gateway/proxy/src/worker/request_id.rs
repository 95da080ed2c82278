//! Request ids: 32 hexadecimal digits that nobody outside can guess.

use bytes::{Bytes, BytesMut};
use gateway_model::SpanId;
use rand::{Rng as _, SeedableRng as _, rngs::SmallRng};

/// Digits of an id.
pub(crate) const LEN: usize = 32;
/// Ids that share one allocation.
const BLOCK: usize = 64;

/// One worker's source of ids. They identify, they authorize nothing: a fast generator is enough.
#[derive(Debug)]
pub(crate) struct RequestIds {
    random: SmallRng,
    block: BytesMut,
}

impl RequestIds {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self {
            random: SmallRng::from_seed(seed),
            block: BytesMut::new(),
        }
    }

    /// A new span's id.
    pub(crate) fn span(&mut self) -> SpanId {
        // An id of zeros means that there is none.
        SpanId(self.random.next_u64().max(1).to_be_bytes())
    }

    /// The next id. One allocation serves many, and clones of an id cost none.
    pub(crate) fn next(&mut self) -> Bytes {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if self.block.capacity() < LEN {
            self.block = BytesMut::with_capacity(BLOCK * LEN);
        }
        let mut id = [0; LEN];
        let halves = [self.random.next_u64(), self.random.next_u64()];
        for (half, digits) in halves.iter().zip(id.chunks_exact_mut(16)) {
            for (at, digit) in digits.iter_mut().enumerate() {
                *digit = DIGITS[(half >> (60 - 4 * at)) as usize & 15];
            }
        }
        self.block.extend_from_slice(&id);
        self.block.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_hexadecimal_and_of_fixed_length() {
        let mut ids = RequestIds::new([7; 32]);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..BLOCK * 3 {
            let id = ids.next();
            assert_eq!(id.len(), LEN);
            assert!(id.iter().all(u8::is_ascii_hexdigit));
            assert!(seen.insert(id));
        }
    }
}

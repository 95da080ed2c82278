//! Bytes in memory that another process may write at the same time: whole words, each read or written once.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of one word.
const WORD: usize = size_of::<u64>();

/// Writes bytes one after another.
pub(crate) struct WordWriter<'a> {
    words: &'a [AtomicU64],
    len: usize,
    /// The bytes of the last word that is not full.
    open: u64,
    full: bool,
}

impl<'a> WordWriter<'a> {
    pub(crate) const fn new(words: &'a [AtomicU64]) -> Self {
        Self {
            words,
            len: 0,
            open: 0,
            full: false,
        }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let room = self.words.len() * WORD - self.len;
        // What does not fit ends the writing: a part of it would mean something else.
        if self.full || bytes.len() > room {
            self.full = true;
            return;
        }
        let inside = self.len % WORD;
        let mut at = self.len / WORD;
        self.len += bytes.len();
        let (chunks, last) = bytes.as_chunks::<WORD>();
        for chunk in chunks {
            let word = u64::from_le_bytes(*chunk);
            self.store(at, self.open | word << (8 * inside));
            // In two steps: a shift by the whole word is no shift.
            self.open = word >> (8 * (WORD - inside) - 1) >> 1;
            at += 1;
        }
        let mut padded = [0; WORD];
        for (to, from) in padded.iter_mut().zip(last) {
            *to = *from;
        }
        let word = u64::from_le_bytes(padded);
        self.open |= word << (8 * inside);
        if inside + last.len() >= WORD {
            self.store(at, self.open);
            self.open = word >> (8 * (WORD - inside) - 1) >> 1;
        }
    }

    /// Its length; none if it did not fit.
    pub(crate) fn finish(self) -> Option<usize> {
        if !self.len.is_multiple_of(WORD) {
            self.store(self.len / WORD, self.open);
        }
        (!self.full).then_some(self.len)
    }

    fn store(&self, at: usize, word: u64) {
        if let Some(place) = self.words.get(at) {
            place.store(word, Relaxed);
        }
    }
}

/// Copies the first bytes, as many as the buffer has.
pub(crate) fn copy_out(words: &[AtomicU64], into: &mut [u8]) {
    let (whole, last) = into.as_chunks_mut::<WORD>();
    let mut words = words.iter().map(|word| word.load(Relaxed).to_le_bytes());
    for (to, from) in whole.iter_mut().zip(&mut words) {
        *to = from;
    }
    // Asked for only now: a word that is not needed is not read.
    if !last.is_empty()
        && let Some(word) = words.next()
    {
        for (to, from) in last.iter_mut().zip(word) {
            *to = from;
        }
    }
}

/// Overwrites the first bytes.
pub(super) fn wipe(words: &[AtomicU64], len: usize) {
    for word in words.iter().take(len.div_ceil(WORD)) {
        word.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_come_out_as_they_went_in(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
        ) {
            let whole = pieces.concat();
            let words: Vec<AtomicU64> = (0..whole.len().div_ceil(WORD)).map(|_| AtomicU64::new(!0)).collect();
            let mut writer = WordWriter::new(&words);
            pieces.iter().for_each(|piece| writer.put(piece));
            prop_assert_eq!(writer.finish(), Some(whole.len()));
            let mut out = vec![0; whole.len()];
            copy_out(&words, &mut out);
            prop_assert_eq!(out, whole);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_whole() {
        let words = [const { AtomicU64::new(7) }; 2];
        let mut writer = WordWriter::new(&words[..1]);
        writer.put(b"123456");
        writer.put(b"789");
        writer.put(b"7");
        assert_eq!(writer.finish(), None);
        assert_eq!(words[1].load(Relaxed), 7, "beyond the end");
        wipe(&words, 9);
        assert!(words.iter().all(|word| word.load(Relaxed) == 0));
    }
}

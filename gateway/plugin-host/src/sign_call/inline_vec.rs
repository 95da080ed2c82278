//! A vector that allocates only for more values than it has room for.

use std::ptr;

/// Up to `N` values inline; more are moved to the heap.
pub(crate) struct InlineVec<T, const N: usize> {
    inline: [T; N],
    len: usize,
    heap: Vec<T>,
}

impl<T: Copy, const N: usize> InlineVec<T, N> {
    /// None yet; `filler` is never seen.
    pub(crate) const fn new(filler: T) -> Self {
        Self {
            inline: [filler; N],
            len: 0,
            heap: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        if let Some(free) = self.inline.get_mut(self.len) {
            *free = value;
        } else {
            // The ABI takes one array, so all values have to move together.
            if self.heap.is_empty() {
                self.heap.extend_from_slice(&self.inline);
            }
            self.heap.push(value);
        }
        self.len += 1;
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Where the first of [`Self::len`] values stands; null if there is none, as the ABI wants it.
    pub(crate) fn first(&self) -> *const T {
        match self.len {
            0 => ptr::null(),
            len if len <= N => self.inline.as_ptr(),
            _ => self.heap.as_ptr(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_one_after_another_however_many() {
        for count in [0, 1, 3, 4, 5, 9] {
            let mut values = InlineVec::<usize, 4>::new(77);
            (0..count).for_each(|value| values.push(value));
            assert_eq!(values.len(), count);
            assert_eq!(values.first().is_null(), count == 0);
            if count > 0 {
                // SAFETY: `first` stands before `len` values.
                let all = unsafe { std::slice::from_raw_parts(values.first(), values.len()) };
                assert!(all.iter().copied().eq(0..count), "{all:?}");
            }
        }
    }
}

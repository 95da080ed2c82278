//! Values that need no allocation as long as there are few.

use std::ptr;

/// See the module.
pub(super) struct Few<T, const N: usize> {
    here: [T; N],
    len: usize,
    elsewhere: Vec<T>,
}

impl<T: Copy, const N: usize> Few<T, N> {
    /// None yet; `filler` is never seen.
    pub(super) const fn new(filler: T) -> Self {
        Self {
            here: [filler; N],
            len: 0,
            elsewhere: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, value: T) {
        if let Some(place) = self.here.get_mut(self.len) {
            *place = value;
        } else {
            if self.elsewhere.is_empty() {
                self.elsewhere.extend_from_slice(&self.here);
            }
            self.elsewhere.push(value);
        }
        self.len += 1;
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Where the first of [`Self::len`] values stands; null if there is none, as the ABI wants it.
    pub(super) fn first(&self) -> *const T {
        match self.len {
            0 => ptr::null(),
            len if len <= N => self.here.as_ptr(),
            _ => self.elsewhere.as_ptr(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_one_after_another_however_many() {
        for count in [0, 1, 3, 4, 5, 9] {
            let mut few = Few::<usize, 4>::new(77);
            (0..count).for_each(|value| few.push(value));
            assert_eq!(few.len(), count);
            assert_eq!(few.first().is_null(), count == 0);
            if count > 0 {
                // SAFETY: `first` stands before `len` values.
                let all = unsafe { std::slice::from_raw_parts(few.first(), few.len()) };
                assert!(all.iter().copied().eq(0..count), "{all:?}");
            }
        }
    }
}

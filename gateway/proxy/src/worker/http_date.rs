//! The present as the `Date` of a response (RFC 9110 section 6.6.1), written once for all responses of a tick.

use httpdate::HttpDate;
use std::{
    cell::RefCell,
    io::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The length of every date in the usual form.
const LENGTH: usize = 29;
/// The last second of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// The last date, and the tick that it was written in.
pub(super) struct DateText(RefCell<(u64, [u8; LENGTH])>);

impl Default for DateText {
    fn default() -> Self {
        // No tick has this number, so that the first response writes its own.
        Self(RefCell::new((u64::MAX, [b' '; LENGTH])))
    }
}

impl DateText {
    /// Shows the date of this tick; `wall` tells the time if it is not written yet.
    pub(super) fn with<T>(
        &self,
        tick: u64,
        wall: impl FnOnce() -> SystemTime,
        show: impl FnOnce(&[u8]) -> T,
    ) -> T {
        let mut last = self.0.borrow_mut();
        let (written, text) = &mut *last;
        if *written != tick {
            *written = tick;
            // The form has no year before 1970 and none of five digits.
            let wall = wall().clamp(UNIX_EPOCH, UNIX_EPOCH + LAST);
            // Each date of that range has this length.
            let _ = write!(&mut text[..], "{}", HttpDate::from(wall));
        }
        show(text)
    }
}

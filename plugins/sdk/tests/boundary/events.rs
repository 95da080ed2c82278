//! The oracle of event sequences, for the tests and for the fuzz target in `gateway/plugin-host/fuzz`.

use crate::{
    host::{Emitted, event},
    plugin::{live, open},
};
use plugins_sdk::abi::{EventKind, Status};

const MODES: [&str; 6] = [
    "sequential",
    "unordered",
    "join",
    "race",
    "deadline",
    "race-and-end",
];

/// Runs one operation. The first byte chooses what the plugin does, and each four bytes after it are one event: its
/// kind, its number and its status. The operation is dropped where they end.
pub(crate) fn check(bytes: &[u8]) {
    let (first, events) = bytes.split_first().unwrap_or((&0, &[]));
    let mode = MODES[usize::from(*first) % MODES.len()];
    let (account, number) = open(mode);
    let (_, mut op, emitted) = account.begin();
    let mut asked = 0;
    let mut ended = follow(&mut asked, false, &emitted);
    for bytes in events.chunks_exact(4) {
        // Most often an answer, because all else ends the operation soon.
        let kinds = [1, 1, 1, EventKind::HTTP_ERROR, EventKind::TIMER, 9];
        let kind = kinds[usize::from(bytes[0]) % kinds.len()];
        let mut event = event(kind, u64::from(bytes[1] % 6));
        event.status = u32::from(u16::from_le_bytes([bytes[2], bytes[3]])) % 700;
        let (status, emitted) = op.resume(&event);
        assert!(
            [Status::OK, Status::UNSUPPORTED].contains(&status),
            "{mode}"
        );
        ended = follow(&mut asked, ended, &emitted);
    }
    drop(op);
    drop(account);
    assert_eq!(live(number), 0, "{mode}");
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

//! The oracle of a worker's answers: hostile bytes are refused, or mean one thing.

use gateway_plugin_host::reread_answer;

pub(crate) fn check(bytes: &[u8]) {
    let Some(written) = reread_answer(bytes) else {
        return;
    };
    assert_eq!(
        reread_answer(&written),
        Some(written.clone()),
        "what was read means something else when it is written"
    );
}

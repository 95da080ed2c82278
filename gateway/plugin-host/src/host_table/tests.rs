use super::*;
use crate::{
    context::CallContext,
    health::{Death, Health, Watch},
};
use plugins_abi::Bytes;
use std::ptr;

/// Services that answer, and a record of whether the plugin was found hopeless.
fn within<R>(call: impl FnOnce() -> R) -> (R, Arc<Health>) {
    struct Clock;
    impl gateway_model::Clock for Clock {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant has no other constructor"
        )]
        fn now(&self) -> std::time::Instant {
            std::time::Instant::now()
        }
        fn wall(&self) -> std::time::SystemTime {
            UNIX_EPOCH - std::time::Duration::from_secs(1)
        }
    }
    let health = Arc::new(Health::new("test", Watch::Pool, Arc::new(Clock)));
    let context = CallContext::new(Arc::clone(&health), Arc::new(Clock), Arc::new(OsRandom));
    (context.enter(call), health)
}

#[test]
fn random_fills_what_was_lent() {
    let mut bytes = [0_u8; 64];
    let ((), health) = within(|| {
        // SAFETY: the array is writable for its length.
        unsafe { random(bytes.as_mut_ptr(), bytes.len()) }
    });
    assert!(bytes.iter().any(|byte| *byte != 0));
    assert_eq!(health.death(), None);
}

#[test]
fn random_with_null_or_absurd_length_touches_no_memory() {
    let ((), health) = within(|| {
        // SAFETY: null is tolerated.
        unsafe { random(ptr::null_mut(), usize::MAX) };
        // SAFETY: the length is refused before the pointer is used.
        unsafe { random(ptr::dangling_mut(), usize::MAX) };
    });
    assert_eq!(health.death(), Some(Death::Fatal));
}

#[test]
fn log_tolerates_null_and_other_bytes() {
    let ((), health) = within(|| {
        for level in [1, 5, u32::MAX] {
            let null = Bytes {
                ptr: ptr::null(),
                len: 100,
            };
            // SAFETY: null is tolerated.
            unsafe { log(level, null) };
            // SAFETY: a live slice.
            unsafe { log(level, Bytes::new(&[0xff, 0, b'\n'])) };
        }
    });
    assert_eq!(health.death(), None);
}

#[test]
fn time_before_the_epoch_is_zero() {
    // SAFETY: takes nothing.
    let (now, _) = within(|| unsafe { now_unix_ms() });
    assert_eq!(now, 0);
}

//! Randomness for plugins.

/// A source of unpredictable bytes; tests and conformance checks bring a repeatable one.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`. It never gives predictable ones: rather than that it panics.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's cryptographic generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            // SAFETY: `rest` is writable for its length.
            let got = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
            match usize::try_from(got) {
                // The system may give fewer bytes than were asked for.
                Ok(got) => rest = &mut std::mem::take(&mut rest)[got..],
                Err(_) => {
                    let error = std::io::Error::last_os_error();
                    assert!(
                        error.kind() == std::io::ErrorKind::Interrupted,
                        "the kernel has no random generator: {error}"
                    );
                }
            }
        }
    }
}

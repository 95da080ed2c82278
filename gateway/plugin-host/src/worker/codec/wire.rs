//! Numbers and bytes in a frame.

use gateway_model::SecretBytes;

/// How a frame breaks the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("it ends too early")]
    Truncated,
    #[error("it goes on after its end")]
    Trailing,
    #[error("{what} longer than {max} bytes")]
    TooLong { what: &'static str, max: usize },
    #[error("more than {max} {what}")]
    TooMany { what: &'static str, max: usize },
    #[error("the unknown {what} {value}")]
    Unknown { what: &'static str, value: u32 },
    #[error("{0} that is no text")]
    NoText(&'static str),
    #[error("{0} that does not belong there")]
    Misplaced(&'static str),
}

/// Bytes of the length in front of a frame.
const LENGTH: usize = size_of::<u32>();

/// Writes a frame, with its length in front, so that one write sends both.
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// Where the frame begins; other frames may stand before it.
    begin: usize,
}

impl Writer {
    pub(super) fn new(kind: u8) -> Self {
        Self::after(Vec::new(), kind)
    }

    /// Writes behind other frames.
    pub(super) fn after(mut bytes: Vec<u8>, kind: u8) -> Self {
        let begin = bytes.len();
        bytes.extend_from_slice(&[0; LENGTH]);
        bytes.push(kind);
        Self { bytes, begin }
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.u8(value.into());
    }

    /// How many of something follow.
    pub(super) fn count(&mut self, count: usize) {
        // Saturated: the reader refuses such a count, as it must.
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// A value, or a mark that there is none.
    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// The frame. It may hold secrets, so its memory is overwritten when it is dropped.
    pub(super) fn finish(self) -> SecretBytes {
        SecretBytes::new(self.into_bytes())
    }

    /// The frame behind those that it was written after.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        let length = self.bytes.len().saturating_sub(self.begin + LENGTH);
        // Saturated: the reader refuses such a length, as it must.
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let front = self.bytes.get_mut(self.begin..);
        if let Some(front) = front.and_then(|frame| frame.first_chunk_mut()) {
            *front = length;
        }
        self.bytes
    }
}

/// The first of several frames, without its length, and what follows it.
pub(crate) fn split_frame(bytes: &[u8]) -> Result<(&[u8], &[u8]), FrameError> {
    let mut reader = Reader::new(bytes);
    let frame = reader.bytes(usize::MAX, "a frame")?;
    Ok((frame, reader.0))
}

/// Reads a frame that anyone may have written.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(frame: &'a [u8]) -> Self {
        Self(frame)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let (taken, left) = self.0.split_at_checked(len).ok_or(FrameError::Truncated)?;
        self.0 = left;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, left) = self.0.split_first_chunk().ok_or(FrameError::Truncated)?;
        self.0 = left;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, FrameError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, FrameError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, FrameError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn flag(&mut self, what: &'static str) -> Result<bool, FrameError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(unknown(what, value)),
        }
    }

    pub(super) fn bytes(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], FrameError> {
        let len = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        // The limit before the content, so that the message names the rule.
        if len > max {
            return Err(FrameError::TooLong { what, max });
        }
        self.take(len)
    }

    pub(super) fn text(&mut self, max: usize, what: &'static str) -> Result<&'a str, FrameError> {
        let bytes = self.bytes(max, what)?;
        str::from_utf8(bytes).map_err(|_| FrameError::NoText(what))
    }

    /// Up to `max` values. Nothing is reserved for them: a count alone must not take memory.
    pub(super) fn list<T>(
        &mut self,
        max: usize,
        what: &'static str,
        mut read: impl FnMut(&mut Self) -> Result<T, FrameError>,
    ) -> Result<Vec<T>, FrameError> {
        let count = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if count > max {
            return Err(FrameError::TooMany { what, max });
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(super) fn option<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, FrameError>,
    ) -> Result<Option<T>, FrameError> {
        self.flag(what)?.then(|| read(self)).transpose()
    }

    /// Nothing may follow: a frame that says more than is read means something else to its sender.
    pub(super) const fn finish(self) -> Result<(), FrameError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(FrameError::Trailing)
        }
    }
}

pub(super) fn unknown(what: &'static str, value: impl Into<u32>) -> FrameError {
    let value = value.into();
    FrameError::Unknown { what, value }
}

//! Reading an upstream's answers as the gateway does, but from memory.

use gateway_framing::{FieldSpans, ResponseFraming, ResponseHead, ResponsePart, Violation};

/// One connection's answers.
#[derive(Default)]
pub(crate) struct Responses {
    pub(crate) framing: ResponseFraming,
    places: FieldSpans,
    held: Vec<u8>,
    /// Bytes read and found to be fine.
    pub(crate) read: usize,
    pub(crate) head: Option<ResponseHead>,
    pub(crate) content: Vec<u8>,
}

impl Responses {
    /// One request was sent.
    pub(crate) fn to(head: bool) -> Self {
        let mut answers = Self::default();
        answers.framing.begin(head);
        answers
    }

    /// More bytes came.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        self.held.extend_from_slice(bytes);
        loop {
            let count = match self.framing.next(&self.held, &mut self.places)? {
                ResponsePart::More | ResponsePart::End => return Ok(()),
                ResponsePart::Skip(count) => count,
                ResponsePart::Head(head) => {
                    assert_eq!(self.head.replace(head), None, "a second head");
                    head.length
                }
                ResponsePart::Content(count) => {
                    self.content.extend_from_slice(&self.held[..count]);
                    count
                }
            };
            assert!(count > 0, "no progress");
            self.held.drain(..count);
            self.read += count;
        }
    }
}

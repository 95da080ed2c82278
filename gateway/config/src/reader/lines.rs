//! Lines and columns of byte offsets, each found in the same time wherever it stands in the file.

use crate::error::Place;

/// A column is found by counting at most this many bytes.
const STRIDE: usize = 1024;

/// Where lines begin, and how many characters come before every [`STRIDE`] bytes.
///
/// Every value of a configuration asks for its place, so counting from the file's start for each
/// would make reading quadratic; counting from the line's start would, for a file of one line.
pub(crate) struct LineIndex<'t> {
    text: &'t [u8],
    starts: Vec<usize>,
    characters: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let text = text.as_bytes();
        let newlines = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let mut characters = vec![0];
        for stride in text.chunks(STRIDE) {
            let before = characters.last().copied().unwrap_or_default();
            characters.push(before + count_characters(stride));
        }
        // An offset in a line belongs to the last start at or before it.
        Self {
            text,
            starts: std::iter::once(0)
                .chain(newlines.map(|(at, _)| at + 1))
                .collect(),
            characters,
        }
    }

    /// The place of a byte offset, which may be the file's end.
    pub(crate) fn place(&self, offset: usize) -> Place {
        // A parser may point behind the last byte.
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line));
        let column = self.characters_before(offset)
            - self.characters_before(start.copied().unwrap_or_default());
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place::At {
            // Saturating: a place is for people, and no file has that many lines.
            line: count(line),
            column: count(column + 1),
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let stride = offset / STRIDE;
        let rest = self.text.get(stride * STRIDE..offset).unwrap_or_default();
        self.characters.get(stride).copied().unwrap_or_default() + count_characters(rest)
    }
}

/// A character begins with the byte of it that is no UTF-8 continuation byte.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slow and plain, to compare with.
    fn counted(text: &str, offset: usize) -> Place {
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).expect("a short text");
        Place::At {
            line: count(before.matches('\n').count() + 1),
            column: count(before[start..].chars().count() + 1),
        }
    }

    #[test]
    fn places_are_those_of_counting() {
        let long = format!("{}\n{}", "größe = \"x\" ".repeat(400), "é\n".repeat(900));
        for text in ["", "\n", "a", "a\nü = 1\n\n", &long] {
            let lines = LineIndex::new(text);
            let offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for offset in offsets {
                assert_eq!(lines.place(offset), counted(text, offset), "{offset}");
            }
            assert_eq!(lines.place(text.len() + 9), counted(text, text.len()));
        }
    }
}

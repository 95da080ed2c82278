//! A black and white drawing.

use barcoders::sym::code128::Code128;
use font8x8::legacy::BASIC_LEGACY;

/// Pixels, one byte each: 0 is white, 1 is black.
#[derive(Debug)]
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u8>,
}

impl Canvas {
    /// A white sheet.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width * height],
        }
    }

    /// Blackens a rectangle; what lies outside of the sheet is cut off.
    fn fill(&mut self, x: usize, y: usize, width: usize, height: usize) {
        // Cut off instead of refused: a client's long name must not spoil the label.
        let right = (x + width).min(self.width);
        for row in y..(y + height).min(self.height) {
            if let Some(run) = self
                .pixels
                .get_mut(row * self.width + x..row * self.width + right)
            {
                run.fill(1);
            }
        }
    }

    /// A line from edge to edge.
    pub(super) fn rule(&mut self, y: usize, thickness: usize) {
        self.fill(0, y, self.width, thickness);
    }

    /// A line of text, each character `8 * scale` pixels wide. Characters outside of ASCII become
    /// question marks.
    pub(super) fn text(&mut self, x: usize, y: usize, scale: usize, text: &str) {
        for (index, character) in text.chars().enumerate() {
            let left = x + index * 8 * scale;
            // Whatever lies to the right is not seen.
            if left >= self.width {
                return;
            }
            let code = if character.is_ascii() {
                character as usize
            } else {
                usize::from(b'?')
            };
            let glyph = BASIC_LEGACY.get(code).copied().unwrap_or_default();
            for (row, bits) in glyph.into_iter().enumerate() {
                for column in 0..8 {
                    // The font has its leftmost pixel in the lowest bit.
                    if bits >> column & 1 == 1 {
                        self.fill(left + column * scale, y + row * scale, scale, scale);
                    }
                }
            }
        }
    }

    /// A Code 128 bar code. Data that it cannot hold leaves the place empty.
    pub(super) fn barcode(&mut self, x: usize, y: usize, height: usize, data: &str) {
        // The first character chooses the character set B.
        let Ok(code) = Code128::new(format!("\u{181}{data}")) else {
            return;
        };
        let bars = code.encode();
        // Whole pixels per bar, or a scanner could not read it.
        let scale = (self.width.saturating_sub(2 * x) / bars.len().max(1)).max(1);
        for (index, bar) in bars.into_iter().enumerate() {
            if bar == 1 {
                self.fill(x + index * scale, y, scale, height);
            }
        }
    }

    /// The drawing with eight pixels to the byte, rows padded; 1 is white as PNG and PDF want it.
    pub(super) fn packed(&self) -> Vec<u8> {
        let mut packed = Vec::with_capacity(self.width.div_ceil(8) * self.height);
        for row in self.pixels.chunks(self.width) {
            for eight in row.chunks(8) {
                let mut byte = 0xff_u8;
                for (bit, pixel) in eight.iter().enumerate() {
                    if *pixel == 1 {
                        // White is 1, so bits are cleared for black.
                        byte &= !(0x80 >> bit);
                    }
                }
                packed.push(byte);
            }
        }
        packed
    }
}

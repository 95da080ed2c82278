//! A black and white drawing.

use font8x8::legacy::BASIC_LEGACY;

use super::code128;
use super::layout::{BAR, Element};
use super::maxicode::{COLUMNS, Message, ROWS};

/// Pixels, one byte each: 0 is white, 1 is black.
#[derive(Debug)]
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u8>,
}

/// Steps from one hexagon to the next, in dots: 0.88 by 0.76 millimetres at 203 dots to the inch.
const STEP: (usize, usize) = (7, 6);

/// First dot and width of each row of dots of a hexagon. Its points stand between the neighbours' points.
const HEXAGON: [(usize, usize); 8] = [
    (2, 2),
    (1, 4),
    (0, 6),
    (0, 6),
    (0, 6),
    (0, 6),
    (1, 4),
    (2, 2),
];

/// Radii of the finder's circles in dots, from the outside; every second ring is black.
const RINGS: [f64; 6] = [30.9, 25.6, 20.2, 14.9, 9.4, 4.1];

impl Canvas {
    /// A white sheet.
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![0; width * height],
        }
    }

    pub(super) fn draw(&mut self, element: &Element) {
        match element {
            Element::Text { x, y, scale, text } => self.text(*x, *y, *scale, text),
            Element::Rule {
                x,
                y,
                width,
                height,
            } => self.fill(*x, *y, *width, *height),
            Element::Code128 { x, y, height, data } => {
                for (index, bar) in code128::modules(data).into_iter().enumerate() {
                    if bar {
                        self.fill(x + index * BAR, *y, BAR, *height);
                    }
                }
            }
            Element::MaxiCode { x, y, message } => self.maxicode(*x, *y, message),
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

    fn maxicode(&mut self, x: usize, y: usize, message: &Message) {
        for (index, dark) in message.modules().into_iter().enumerate() {
            let (row, column) = (index / COLUMNS, index % COLUMNS);
            if !dark {
                continue;
            }
            // Odd rows stand half a step to the right.
            let left = x + column * STEP.0 + row % 2 * STEP.0.div_ceil(2);
            for (line, (first, width)) in HEXAGON.into_iter().enumerate() {
                self.fill(left + first, y + row * STEP.1 + line, width, 1);
            }
        }
        // The finder is centred on the fifteenth hexagon of the middle row.
        let middle = (x + COLUMNS / 2 * STEP.0 - 4, y + ROWS / 2 * STEP.1 + 4);
        self.rings(middle);
    }

    fn rings(&mut self, (x, y): (usize, usize)) {
        let radius = 31;
        for row in y - radius..=y + radius {
            for column in x - radius..=x + radius {
                let (across, down) = (column.abs_diff(x) as f64, row.abs_diff(y) as f64);
                let distance = across.hypot(down);
                let circles = RINGS.iter().filter(|radius| distance <= **radius).count();
                if circles % 2 == 1 {
                    self.fill(column, row, 1, 1);
                }
            }
        }
    }

    /// Turned by a quarter, so that the top is at the left.
    pub(super) fn turned(&self) -> Self {
        let mut turned = Self::new(self.height, self.width);
        for (y, row) in self.pixels.chunks(self.width).enumerate() {
            for (x, pixel) in row.iter().enumerate() {
                turned.pixels[(self.width - 1 - x) * self.height + y] = *pixel;
            }
        }
        turned
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

//! Where things stand on a label. Images and printers draw the same list.

use super::content::Label;
use super::maxicode::Message;
use super::routing;

/// Width of a label in dots, at about 203 to the inch.
pub(super) const WIDTH: usize = 800;

/// Width of a bar code's narrowest bar.
pub(super) const BAR: usize = 3;

/// One thing on a label; positions are those of its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Element {
    /// A line of text. A character is `8 * scale` dots wide and high.
    Text {
        x: usize,
        y: usize,
        scale: usize,
        text: String,
    },
    Rule {
        x: usize,
        y: usize,
        width: usize,
        height: usize,
    },
    Code128 {
        x: usize,
        y: usize,
        height: usize,
        data: String,
    },
    MaxiCode {
        x: usize,
        y: usize,
        message: Message,
    },
}

fn text(x: usize, y: usize, scale: usize, text: impl Into<String>) -> Element {
    let text = text.into();
    Element::Text { x, y, scale, text }
}

fn across(y: usize, height: usize) -> Element {
    let (x, width) = (0, WIDTH);
    Element::Rule {
        x,
        y,
        width,
        height,
    }
}

/// All that stands on a label, from its top to its foot.
pub(super) fn elements(label: &Label<'_>) -> Vec<Element> {
    let mut elements = Vec::new();
    address(label, &mut elements);
    routing_block(label, &mut elements);
    tracking_block(label, &mut elements);
    foot(label, &mut elements);
    elements
}

fn address(label: &Label<'_>, elements: &mut Vec<Element>) {
    // Six lines are the longest address.
    for (row, line) in label.from.iter().take(6).enumerate() {
        elements.push(text(15, 10 + row * 20, 2, line));
    }
    let (weight, unit) = &label.weight;
    elements.push(text(400, 10, 3, format!("{weight} {unit}")));
    let (number, count) = label.position;
    elements.push(text(600, 10, 3, format!("{number} OF {count}")));
    elements.push(text(15, 145, 3, "SHIP TO:"));
    for (row, line) in label.to.iter().take(6).enumerate() {
        elements.push(text(60, 180 + row * 36, 3, line));
    }
}

fn routing_block(label: &Label<'_>, elements: &mut Vec<Element>) {
    elements.push(across(412, 4));
    elements.push(Element::Rule {
        x: 244,
        y: 416,
        width: 3,
        height: 221,
    });
    elements.push(Element::MaxiCode {
        x: 18,
        y: 428,
        message: routing::message(label),
    });
    let to = &label.destination;
    elements.push(text(270, 440, 5, routing::routing_code(to)));
    if let Some(data) = routing::postal_bar_code(to) {
        elements.push(Element::Code128 {
            x: 290,
            y: 520,
            height: 103,
            data,
        });
    }
    elements.push(across(637, 14));
}

fn tracking_block(label: &Label<'_>, elements: &mut Vec<Element>) {
    let number = label.tracking_number;
    // The longest names of services would run out of the label in large letters.
    let scale = if label.service.len() > 18 { 3 } else { 5 };
    elements.push(text(15, 668, scale, label.service.to_ascii_uppercase()));
    let spaced = spaced(number);
    elements.push(text(15, 728, 2, format!("TRACKING #: {spaced}")));
    elements.push(across(762, 4));
    // Ten bars' widths of white on both sides, even for a number without pairs of digits.
    elements.push(Element::Code128 {
        x: 100,
        y: 780,
        height: 200,
        data: number.to_owned(),
    });
    elements.push(across(997, 14));
}

fn foot(label: &Label<'_>, elements: &mut Vec<Element>) {
    elements.push(text(15, 1022, 2, "BILLING: P/P"));
    for (row, reference) in label.references.iter().take(2).enumerate() {
        let line = format!("REFERENCE NO.{}: {reference}", row + 1);
        elements.push(text(15, 1044 + row * 20, 2, line));
    }
    // Across the label and twelve times the usual size: nobody must ship with it.
    elements.push(text(110, 1086, 11, "SAMPLE"));
    let mark = "Made by a mock of the carrier. Not for shipping.";
    elements.push(text(15, 1182, 2, mark));
}

/// The page that the shipper of an international shipment signs.
pub(super) fn signature_page(label: &Label<'_>) -> Vec<Element> {
    let number = label.tracking_number;
    let shipper = number.get(2..8).unwrap_or_default();
    vec![
        text(10, 55, 2, format!("TR#:{}", spaced(number))),
        text(480, 55, 2, format!("SHP#:{shipper}")),
        across(114, 3),
        text(110, 600, 11, "SAMPLE"),
        across(1147, 4),
        text(20, 1157, 2, "Shipper's Signature:"),
        text(538, 1157, 2, "Date:"),
    ]
}

/// `1Z 999 AA1 01 2345 6784`.
pub(super) fn spaced(number: &str) -> String {
    let mut out = String::with_capacity(24);
    for (index, character) in number.chars().enumerate() {
        if matches!(index, 2 | 5 | 8 | 10 | 14) {
            out.push(' ');
        }
        out.push(character);
    }
    out
}

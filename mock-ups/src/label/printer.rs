//! Labels as programs for label printers.

use std::fmt::Write as _;

use super::content::Stock;
use super::layout::{BAR, Element};
use super::maxicode::Message;

/// Text without the characters that mean something to a printer.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // These begin commands in ZPL, EPL or SPL; a client's text must not be able to print or reset.
            '^' | '~' | '"' | '\\' | '<' | '>' => ' ',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '?',
        })
        .collect()
}

const fn length(stock: Stock) -> usize {
    // 203 dots to the inch.
    match stock {
        Stock::FourBySix => 1218,
        Stock::FourByEight => 1624,
    }
}

/// ZPL II at 203 dots per inch. As UPS's, the program prints upside down (`^POI`).
pub(super) fn zpl(elements: Vec<Element>, stock: Stock) -> String {
    let mut out = format!(
        "^XA\n^LRN\n^MNY\n^MFN,N\n^LH10,12\n^MCY\n^POI\n^PW812\n^LL{}\n^CI27\n",
        length(stock)
    );
    for element in elements {
        // Writing to a `String` cannot fail.
        let _ = match element {
            Element::Text { x, y, scale, text } => {
                let (height, width) = (scale * 10, scale * 11);
                let text = plain(&text);
                writeln!(out, "^FO{x},{y}^A0N,{height},{width}^FD{text}^FS")
            }
            Element::Rule {
                x,
                y,
                width,
                height,
            } => writeln!(
                out,
                "^FO{x},{y}^GB{width},{height},{}^FS",
                width.min(height)
            ),
            Element::Code128 { x, y, height, data } => {
                let data = plain(&data);
                // A: the printer chooses the code sets.
                writeln!(out, "^FO{x},{y}^BY{BAR}^BCN,{height},N,N,,A^FD{data}^FS")
            }
            Element::MaxiCode { x, y, message } => {
                let data = zpl_message(&message);
                let mode = message.mode();
                writeln!(out, "^FO{x},{y}^CVY^BD{mode}^FH_^FD{data}^FS")
            }
        };
    }
    out.push_str("^XZ\n");
    out
}

/// Class of service, country and postal code, then the secondary message with its separators in hexadecimal.
fn zpl_message(message: &Message) -> String {
    let mut data = format!(
        "{:03}{:03}{}",
        message.class_of_service, message.country, message.postal_code
    );
    for character in message.secondary.chars() {
        if character.is_ascii_control() {
            let _ = write!(data, "_{:02X}", u32::from(character));
        } else {
            data.push(character);
        }
    }
    data
}

/// EPL2 at 203 dots per inch.
pub(super) fn epl(elements: Vec<Element>, stock: Stock) -> String {
    // The line break in front ends whatever command the printer was reading.
    let mut out = format!("\nN\nq812\nQ{},24\n", length(stock));
    for element in elements {
        let _ = match element {
            Element::Text { x, y, scale, text } => {
                // The fonts 1 to 5 are 12, 16, 20, 24 and 48 dots high.
                let font = (scale + 1).min(4);
                let times = if scale > 8 { 4 } else { 1 };
                let text = plain(&text);
                writeln!(out, "A{x},{y},0,{font},{times},{times},N,\"{text}\"")
            }
            Element::Rule {
                x,
                y,
                width,
                height,
            } => writeln!(out, "LO{x},{y},{width},{height}"),
            Element::Code128 { x, y, height, data } => {
                let data = plain(&data);
                // 1: the printer chooses the code sets.
                writeln!(out, "B{x},{y},0,1,{BAR},{BAR},{height},N,\"{data}\"")
            }
            Element::MaxiCode { x, y, message } => {
                let mode = message.mode();
                let data = epl_message(&message);
                writeln!(out, "b{x},{y},M,m{mode},\"{data}\"")
            }
        };
    }
    out.push_str("P1\n");
    out
}

fn epl_message(message: &Message) -> String {
    format!(
        "{:03},{:03},{},{}",
        message.class_of_service,
        message.country,
        message.postal_code.trim_end(),
        message.secondary
    )
}

/// Something in the manner of SPL: a line for each element, with its place.
pub(super) fn spl(elements: Vec<Element>, stock: Stock) -> String {
    let mut out = format!("<STX>\nL{}\n", length(stock));
    for element in elements {
        let _ = match element {
            Element::Text { x, y, scale, text } => {
                writeln!(out, "T{x},{y},{scale},{}", plain(&text))
            }
            Element::Rule {
                x,
                y,
                width,
                height,
            } => writeln!(out, "R{x},{y},{width},{height}"),
            Element::Code128 { x, y, height, data } => {
                writeln!(out, "B{x},{y},{height},{}", plain(&data))
            }
            Element::MaxiCode { x, y, message } => {
                writeln!(
                    out,
                    "M{x},{y},{}",
                    zpl_message(&message).replace('>', "_3E")
                )
            }
        };
    }
    out.push_str("<ETX>\n");
    out
}

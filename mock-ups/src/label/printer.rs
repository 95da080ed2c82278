//! Labels as programs for label printers.

use std::fmt::Write as _;

use super::Label;

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

/// ZPL II at 203 dots per inch.
pub(super) fn zpl(label: &Label<'_>) -> String {
    let mut out = String::from("^XA\n^PW812\n^LL1218\n^LH0,0\n");
    let mut field = |x: usize, y: usize, size: usize, text: &str| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "^FO{x},{y}^A0N,{size},{size}^FD{}^FS", plain(text));
    };
    for (row, line) in label.from.iter().take(6).enumerate() {
        field(30, 30 + row * 26, 24, line);
    }
    field(520, 30, 28, &label.weight);
    field(
        520,
        64,
        30,
        &format!("{} OF {}", label.position.0, label.position.1),
    );
    field(30, 220, 30, "SHIP TO:");
    for (row, line) in label.to.iter().take(6).enumerate() {
        field(70, 260 + row * 36, 34, line);
    }
    field(30, 510, 48, label.service);
    field(
        30,
        570,
        24,
        &format!("TRACKING #: {}", super::spaced(label.tracking_number)),
    );
    field(120, 980, 150, "SAMPLE");
    let number = plain(label.tracking_number);
    // Three dots a bar, without the number below: it stands above in words.
    let _ = writeln!(out, "^FO80,640^BY3^BCN,260,N,N,N^FD{number}^FS");
    out.push_str("^XZ\n");
    out
}

/// EPL2 at 203 dots per inch.
pub(super) fn epl(label: &Label<'_>) -> String {
    // The line break in front ends whatever command the printer was reading.
    let mut out = String::from("\nN\nq812\nQ1218,24\n");
    let mut field = |x: usize, y: usize, font: u8, text: &str| {
        let _ = writeln!(out, "A{x},{y},0,{font},1,1,N,\"{}\"", plain(text));
    };
    for (row, line) in label.from.iter().take(6).enumerate() {
        field(30, 30 + row * 26, 2, line);
    }
    field(520, 30, 3, &label.weight);
    for (row, line) in label.to.iter().take(6).enumerate() {
        field(70, 260 + row * 36, 4, line);
    }
    field(30, 510, 5, label.service);
    field(30, 570, 2, label.tracking_number);
    field(120, 980, 5, "SAMPLE");
    let number = plain(label.tracking_number);
    let _ = writeln!(out, "B80,640,0,1,3,3,260,N,\"{number}\"");
    out.push_str("P1\n");
    out
}

/// Something in the manner of SPL.
pub(super) fn spl(label: &Label<'_>) -> String {
    let mut out = String::from("<STX>\n");
    let lines = label.from.iter().chain(label.to).map(String::as_str);
    for line in lines.chain([label.service, label.tracking_number, "SAMPLE"]) {
        let _ = writeln!(out, "{}", plain(line));
    }
    out.push_str("<ETX>\n");
    out
}

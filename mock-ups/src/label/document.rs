//! A page of plain lines in any format: documents that come with a shipment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canvas::Canvas;
use super::{Format, image};

/// Lines on one page.
const MAX_LINES: usize = 30;

/// The page, in base64.
pub(crate) fn document_base64(format: Format, lines: &[String]) -> String {
    STANDARD.encode(match format {
        Format::Gif => image::gif(&page(lines)),
        Format::Png => image::png(&page(lines)),
        Format::Pdf => image::pdf(&page(lines)),
        Format::Zpl => program(lines, "^XA", "^XZ", |y, line| {
            format!("^FO40,{y}^A0N,30,30^FD{line}^FS")
        }),
        Format::Epl => program(lines, "N", "P1", |y, line| {
            format!("A40,{y},0,3,1,1,N,\"{line}\"")
        }),
        Format::Spl => program(lines, "<STX>", "<ETX>", |y, line| {
            format!("<STX>H0;o40,{y};f0;c26;h20;w20;d3,{line}<ETX>")
        }),
    })
}

fn page(lines: &[String]) -> Canvas {
    let mut canvas = Canvas::new(800, 1200);
    for (row, line) in lines.iter().take(MAX_LINES).enumerate() {
        canvas.text(40, 40 + 36 * row, 3, line);
    }
    canvas.text(100, 980, 12, "SAMPLE");
    canvas
}

fn program(
    lines: &[String],
    begin: &str,
    end: &str,
    line: impl Fn(usize, &str) -> String,
) -> Vec<u8> {
    let mut out = vec![begin.to_owned()];
    let mark = "SAMPLE".to_owned();
    let lines = lines.iter().take(MAX_LINES).chain([&mark]);
    for (row, text) in lines.enumerate() {
        // What a client sent must not end the program's own text.
        let safe: String = text
            .chars()
            .filter(|c| !"^~\"<>\n\r".contains(*c))
            .collect();
        out.push(line(40 + 36 * row, &safe));
    }
    out.push(end.to_owned());
    out.join("\n").into_bytes()
}

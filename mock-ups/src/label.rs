//! Label images: a drawing of four by six inches as GIF, PNG or PDF, or a short program for a label
//! printer. Each is marked SAMPLE in large letters, so that nobody ships with it.

mod canvas;
mod document;
mod image;
mod printer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use canvas::Canvas;
pub(crate) use document::document_base64;

/// The formats that a client can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A GIF image, with an HTML page beside it.
    Gif,
    /// A PNG image.
    Png,
    /// A PDF of one page.
    Pdf,
    /// For Zebra printers.
    Zpl,
    /// For older Zebra printers.
    Epl,
    /// For Intermec printers. The commands are a rough likeness only.
    Spl,
}

impl Format {
    /// Reads the code of `LabelImageFormat`.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        Some(match code.to_ascii_uppercase().as_str() {
            "GIF" => Self::Gif,
            "PNG" => Self::Png,
            "PDF" => Self::Pdf,
            "ZPL" => Self::Zpl,
            "EPL" => Self::Epl,
            "SPL" | "STARPL" => Self::Spl,
            _ => return None,
        })
    }

    /// Whether an HTML page that shows the image comes beside it.
    pub(crate) const fn has_page(self) -> bool {
        matches!(self, Self::Gif | Self::Png)
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Gif => "GIF",
            Self::Png => "PNG",
            Self::Pdf => "PDF",
            Self::Zpl => "ZPL",
            Self::Epl => "EPL",
            Self::Spl => "SPL",
        }
    }
}

/// What stands on a label.
#[derive(Debug, Clone)]
pub(crate) struct Label<'a> {
    pub(crate) tracking_number: &'a str,
    pub(crate) service: &'a str,
    pub(crate) weight: String,
    /// Which package of how many.
    pub(crate) position: (usize, usize),
    pub(crate) from: &'a [String],
    pub(crate) to: &'a [String],
}

impl Label<'_> {
    /// The label in base64, as answers carry it.
    pub(crate) fn base64(&self, format: Format) -> String {
        let bytes = match format {
            Format::Gif => image::gif(&self.draw()),
            Format::Png => image::png(&self.draw()),
            Format::Pdf => image::pdf(&self.draw()),
            Format::Zpl => printer::zpl(self).into_bytes(),
            Format::Epl => printer::epl(self).into_bytes(),
            Format::Spl => printer::spl(self).into_bytes(),
        };
        STANDARD.encode(bytes)
    }

    /// The page that comes beside an image, in base64.
    pub(crate) fn html_base64(&self, format: Format) -> String {
        let suffix = if format == Format::Png { "png" } else { "gif" };
        STANDARD.encode(format!(
            // Beside the image UPS sends a page that names the file as it would be saved.
            "<!DOCTYPE html><html><head><title>SAMPLE label {number}</title></head><body>\
             <p>SAMPLE, not for shipping</p><img src=\"./label{number}.{suffix}\" alt=\"label\">\
             </body></html>",
            number = self.tracking_number
        ))
    }

    fn draw(&self) -> Canvas {
        // 800 by 1200 pixels: four by six inches at 200 dots each, like a label printer's 203.
        let mut canvas = Canvas::new(800, 1200);
        let mut y = 30;
        // Six lines are the longest address.
        for line in self.from.iter().take(6) {
            canvas.text(30, y, 2, line);
            y += 24;
        }
        canvas.text(480, 30, 2, &self.weight);
        let (number, count) = self.position;
        canvas.text(480, 60, 3, &format!("{number} OF {count}"));
        canvas.text(30, 220, 3, "SHIP TO:");
        y = 260;
        for line in self.to.iter().take(6) {
            canvas.text(70, y, 3, line);
            y += 36;
        }
        canvas.rule(490, 6);
        canvas.text(30, 515, 5, self.service);
        canvas.text(
            30,
            570,
            2,
            &format!("TRACKING #: {}", spaced(self.tracking_number)),
        );
        canvas.rule(600, 6);
        canvas.barcode(60, 640, 260, self.tracking_number);
        canvas.rule(940, 6);
        // Across the label and twelve times the usual size: nobody must ship with it.
        canvas.text(100, 980, 12, "SAMPLE");
        canvas.text(
            100,
            1100,
            2,
            "Made by a mock of the carrier. Not for shipping.",
        );
        canvas
    }
}

/// A PDF page of plain lines, in base64: forms that come with a shipment.
pub(crate) fn page_base64(lines: &[String]) -> String {
    let mut canvas = Canvas::new(800, 1200);
    // As many as fit above the mark.
    for (row, line) in lines.iter().take(30).enumerate() {
        canvas.text(40, 40 + 36 * row, 3, line);
    }
    canvas.text(100, 980, 12, "SAMPLE");
    STANDARD.encode(image::pdf(&canvas))
}

/// `1Z 999 AA1 01 2345 6784`.
fn spaced(number: &str) -> String {
    let mut out = String::with_capacity(24);
    for (index, character) in number.chars().enumerate() {
        if matches!(index, 2 | 5 | 8 | 10 | 14) {
            out.push(' ');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::{Format, Label, spaced};

    fn label(format: Format) -> Vec<u8> {
        let lines = [
            "Jane \"<O'Neil>\" ^XZ (x)\\",
            "1 Main Street",
            "Orlando FL 32821",
        ];
        let lines = lines.map(str::to_owned);
        let label = Label {
            tracking_number: "1Z999AA10123456784",
            service: "UPS Ground",
            weight: "5 LBS".to_owned(),
            position: (1, 2),
            from: &lines,
            to: &lines,
        };
        STANDARD.decode(label.base64(format)).expect("base64")
    }

    #[test]
    fn gif_and_png_open_and_are_black_on_white() {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let bytes = label(Format::Gif);
        let mut decoder = options.read_info(&bytes[..]).expect("a GIF");
        let frame = decoder.read_next_frame().expect("a frame").expect("one");
        assert_eq!((frame.width, frame.height), (800, 1200));
        assert!(frame.buffer.chunks(4).any(|pixel| pixel == [0, 0, 0, 255]));
        assert!(
            frame
                .buffer
                .chunks(4)
                .any(|pixel| pixel == [255, 255, 255, 255])
        );

        let bytes = label(Format::Png);
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .expect("a PNG");
        let size = reader.output_buffer_size().expect("it fits");
        let mut pixels = vec![0; size];
        reader.next_frame(&mut pixels).expect("a frame");
        assert!(pixels.contains(&0) && pixels.contains(&0xff));
    }

    #[test]
    fn pdf_has_a_page_and_offsets_that_are_right() {
        let bytes = label(Format::Pdf);
        assert!(bytes.starts_with(b"%PDF-1.4"));
        let tail = String::from_utf8_lossy(&bytes[bytes.len() - 64..]).into_owned();
        let start: usize = tail
            .split("startxref\n")
            .nth(1)
            .and_then(|rest| rest.lines().next())
            .and_then(|line| line.parse().ok())
            .expect("an offset");
        assert!(bytes[start..].starts_with(b"xref"));
        let table = String::from_utf8_lossy(&bytes[start..]).into_owned();
        let entries = table.lines().filter(|line| line.ends_with(" n "));
        for (index, entry) in entries.enumerate() {
            let offset: usize = entry[..10].parse().expect("an offset");
            let object = format!("{} 0 obj", index + 1);
            assert!(bytes[offset..].starts_with(object.as_bytes()), "{object}");
        }
    }

    #[test]
    fn printer_programs_say_sample_and_cannot_be_broken_out_of() {
        for (format, start, end) in [
            (Format::Zpl, "^XA", "^XZ\n"),
            (Format::Epl, "\nN\n", "P1\n"),
            (Format::Spl, "<STX>", "<ETX>\n"),
        ] {
            let text = String::from_utf8(label(format)).expect("text");
            assert!(text.starts_with(start) && text.ends_with(end), "{text}");
            assert!(text.contains("SAMPLE") && text.contains("1Z999AA10123456784"));
            assert_eq!(
                text.matches("^XZ").count(),
                usize::from(format == Format::Zpl)
            );
        }
    }

    #[test]
    fn tracking_numbers_are_written_in_groups() {
        assert_eq!(spaced("1Z999AA10123456784"), "1Z 999 AA1 01 2345 6784");
    }
}

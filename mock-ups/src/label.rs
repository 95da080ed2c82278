//! Label images: a drawing of four by six inches as GIF, PNG or PDF, or a short program for a label
//! printer. Each is marked SAMPLE in large letters, so that nobody ships with it.

mod canvas;
mod code128;
mod content;
mod document;
mod image;
mod layout;
mod maxicode;
mod printer;
mod routing;
#[cfg(test)]
mod testing;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use canvas::Canvas;
pub(crate) use content::{Destination, Label, Stock};
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
    /// Commands in the manner of SPL; a rough likeness only.
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

impl Label<'_> {
    /// The label in base64, as answers carry it.
    pub(crate) fn base64(&self, format: Format, stock: Stock) -> String {
        let bytes = match format {
            // Images lie on their side, seven inches long whatever the stock, as UPS's do.
            Format::Gif => image::gif(&self.draw(1400).turned()),
            Format::Png => image::png(&self.draw(1400).turned()),
            Format::Pdf => image::pdf(&self.draw(match stock {
                Stock::FourBySix => 1200,
                Stock::FourByEight => 1600,
            })),
            Format::Zpl => printer::zpl(layout::elements(self), stock).into_bytes(),
            Format::Epl => printer::epl(layout::elements(self), stock).into_bytes(),
            Format::Spl => printer::spl(layout::elements(self), stock).into_bytes(),
        };
        STANDARD.encode(bytes)
    }

    /// The page that the shipper of an international shipment signs, in base64. UPS has it for printers only.
    pub(crate) fn signature_page_base64(&self, format: Format, stock: Stock) -> Option<String> {
        let elements = layout::signature_page(self);
        let program = match format {
            Format::Zpl => printer::zpl(elements, stock),
            Format::Epl => printer::epl(elements, stock),
            Format::Spl => printer::spl(elements, stock),
            Format::Gif | Format::Png | Format::Pdf => return None,
        };
        Some(STANDARD.encode(program))
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

    /// Four inches wide at 200 dots each, like a label printer's 203.
    fn draw(&self, height: usize) -> Canvas {
        let mut canvas = Canvas::new(layout::WIDTH, height);
        for element in layout::elements(self) {
            canvas.draw(&element);
        }
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

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::layout::spaced;
    use super::{Format, Stock, testing};

    fn label(format: Format) -> Vec<u8> {
        let base64 = testing::label().base64(format, Stock::FourBySix);
        STANDARD.decode(base64).expect("base64")
    }

    #[test]
    fn gif_and_png_open_and_are_black_on_white() {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let bytes = label(Format::Gif);
        let mut decoder = options.read_info(&bytes[..]).expect("a GIF");
        let frame = decoder.read_next_frame().expect("a frame").expect("one");
        assert_eq!((frame.width, frame.height), (1400, 800));
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

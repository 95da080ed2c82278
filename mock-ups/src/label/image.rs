//! The drawing as a file.

use std::io::Write as _;

use super::canvas::Canvas;

/// A GIF of two colours. Writing to memory cannot fail; were the encoder to refuse, the file would
/// be empty, which the tests would notice.
pub(super) fn gif(canvas: &Canvas) -> Vec<u8> {
    let mut out = Vec::new();
    let written = write_gif(canvas, &mut out);
    if written.is_err() {
        out.clear();
    }
    out
}

fn write_gif(canvas: &Canvas, out: &mut Vec<u8>) -> Result<(), gif::EncodingError> {
    // White first: 0 in the drawing is white.
    let palette = [255, 255, 255, 0, 0, 0];
    let (width, height) = (side(canvas.width), side(canvas.height));
    let mut encoder = gif::Encoder::new(out, width, height, &palette)?;
    let frame = gif::Frame {
        width,
        height,
        buffer: canvas.pixels.as_slice().into(),
        ..gif::Frame::default()
    };
    encoder.write_frame(&frame)
}

fn side(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// A PNG of one bit per pixel.
pub(super) fn png(canvas: &Canvas) -> Vec<u8> {
    let mut out = Vec::new();
    let written = write_png(canvas, &mut out);
    if written.is_err() {
        out.clear();
    }
    out
}

fn write_png(canvas: &Canvas, out: &mut Vec<u8>) -> Result<(), png::EncodingError> {
    let (width, height) = (side(canvas.width), side(canvas.height));
    let mut encoder = png::Encoder::new(out, width.into(), height.into());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.packed())?;
    writer.finish()
}

/// A PDF whose only page is the drawing, at 200 dots to the inch.
pub(super) fn pdf(canvas: &Canvas) -> Vec<u8> {
    let pixels = canvas.packed();
    // 72 points are an inch.
    let (width, height) = (canvas.width * 72 / 200, canvas.height * 72 / 200);
    let page = format!("q {width} 0 0 {height} 0 0 cm /Label Do Q");
    let page_object = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R \
         /Resources << /XObject << /Label 5 0 R >> >> >>"
    );
    let image_head = format!(
        "<< /Type /XObject /Subtype /Image /Width {} /Height {} /ColorSpace /DeviceGray \
         /BitsPerComponent 1 /Length {} >>",
        canvas.width,
        canvas.height,
        pixels.len()
    );
    let page_head = format!("<< /Length {} >>", page.len());
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (head, stream) in [
        ("<< /Type /Catalog /Pages 2 0 R >>", None),
        ("<< /Type /Pages /Kids [3 0 R] /Count 1 >>", None),
        (page_object.as_str(), None),
        (page_head.as_str(), Some(page.as_bytes())),
        (image_head.as_str(), Some(&pixels[..])),
    ] {
        // Offsets are needed for the table at the end, which makes it a valid PDF.
        offsets.push(out.len());
        let number = offsets.len();
        // Writing to memory cannot fail.
        let _ = write!(out, "{number} 0 obj\n{head}\n");
        if let Some(stream) = stream {
            out.extend_from_slice(b"stream\n");
            out.extend_from_slice(stream);
            out.extend_from_slice(b"\nendstream\n");
        }
        out.extend_from_slice(b"endobj\n");
    }
    let table = out.len();
    // The first entry is the head of the free list, as the format wants.
    let _ = write!(out, "xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1);
    for offset in &offsets {
        // Each entry has twenty bytes, the blank before the line break included.
        let _ = writeln!(out, "{offset:010} 00000 n ");
    }
    let size = offsets.len() + 1;
    let _ = write!(
        out,
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    );
    out
}

//! Bars as SVG: enough for a page of documentation, and no library to keep.

use crate::{
    Options,
    measure::{Results, Shape},
    report::median,
};
use std::fmt::Write as _;

const ROW: f64 = 34.0;
const LEFT: f64 = 120.0;
const WIDTH: f64 = 720.0;
const TOP: f64 = 46.0;

/// CPU per request of every candidate: the median as a bar, the rounds as ticks on it.
#[expect(clippy::cast_precision_loss, reason = "a drawing")]
pub(crate) fn bars(options: &Options, results: &[Results]) -> String {
    let rows: Vec<_> = results.iter().filter(|r| r.skipped.is_none()).collect();
    let values = |r: &Results| -> Vec<f64> {
        r.of(Shape::Closed)
            .iter()
            .map(|s| s.cpu_us_per_request)
            .collect()
    };
    let most = rows.iter().flat_map(|r| values(r)).fold(1.0, f64::max);
    let scale = (WIDTH - LEFT - 80.0) / most;
    let height = TOP + ROW * rows.len() as f64 + 10.0;
    let title = format!(
        "Processor time per request, {}, {} upstream, {} worker(s)",
        options.downstream,
        if options.tls_upstream {
            "TLS"
        } else {
            "plaintext"
        },
        options.workers
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"24\" font-size=\"16\">{title}</text>\n"
    );
    for (at, result) in rows.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let middle = median(result.of(Shape::Closed), |s| s.cpu_us_per_request).0;
        let fill = if at == 0 { "#2c6e49" } else { "#9aa5b1" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{:.1}\">{}</text><rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"22\" fill=\"{fill}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{middle:.1} us</text>",
            y + 16.0,
            result.kind.name(),
            middle * scale,
            LEFT + most * scale + 8.0,
            y + 16.0,
        );
        for value in values(result) {
            let x = LEFT + value * scale;
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y:.1}\" y2=\"{:.1}\" stroke=\"#000\"/>",
                y + 22.0
            );
        }
    }
    svg + "</svg>\n"
}

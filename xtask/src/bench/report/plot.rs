//! Bars as SVG: enough for a page of documentation, and no library to keep. Every panel has the same
//! scale, so bars of different panels can be compared.

use super::results::Figure;
use std::fmt::Write as _;

const WIDTH: f64 = 800.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 44.0;
const ROW: f64 = 26.0;
const BAR: f64 = 18.0;
const PANEL_TITLE: f64 = 28.0;
const PANEL_AXIS: f64 = 26.0;
const BOTTOM: f64 = 58.0;
/// Of a letter, on average.
const LETTER: f64 = 7.2;

/// A drawing with a scale of its own.
pub(super) struct Plot {
    pub(super) title: String,
    /// What the scale shows.
    pub(super) axis: &'static str,
    /// Behind each number.
    pub(super) unit: &'static str,
    pub(super) panels: Vec<Panel>,
    pub(super) rounds: usize,
}

/// Bars that belong together.
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
}

/// A median with its rounds.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) ours: bool,
    pub(super) figure: Figure,
}

/// Where values are on the page.
struct Scale {
    left: f64,
    per_unit: f64,
    step: f64,
    steps: u32,
}

impl Scale {
    fn x(&self, value: f64) -> f64 {
        self.left + value * self.per_unit
    }
}

impl Plot {
    pub(super) fn svg(&self) -> String {
        let scale = self.scale();
        let mut body = String::new();
        let mut y = TOP;
        for panel in &self.panels {
            y = self.panel(&mut body, panel, &scale, y);
        }
        self.legend(&mut body, y);
        let height = y + BOTTOM;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"13\" fill=\"#1f2933\">\n\
             <rect width=\"{WIDTH}\" height=\"{height:.0}\" fill=\"#fff\"/>\n\
             <text x=\"10\" y=\"26\" font-size=\"17\">{}</text>\n{body}</svg>\n",
            escape(&self.title)
        )
    }

    fn bars(&self) -> impl Iterator<Item = &Bar> {
        self.panels.iter().flat_map(|panel| &panel.bars)
    }

    #[expect(clippy::cast_precision_loss, reason = "a drawing")]
    fn scale(&self) -> Scale {
        // The largest round and not the largest median, so that no whisker leaves the page.
        let most = self.bars().map(|bar| bar.figure.most).fold(1.0, f64::max);
        let letters = self.bars().map(|bar| bar.label.chars().count()).max();
        let left = (letters.unwrap_or(0) as f64).mul_add(LETTER, 24.0);
        let (step, steps) = steps(most);
        Scale {
            left,
            per_unit: (WIDTH - left - RIGHT) / (step * f64::from(steps)),
            step,
            steps,
        }
    }

    /// Draws a panel at this height; where the next one begins.
    #[expect(clippy::cast_precision_loss, reason = "a drawing")]
    fn panel(&self, svg: &mut String, panel: &Panel, scale: &Scale, top: f64) -> f64 {
        let title = !panel.title.is_empty();
        let first = if title { top + PANEL_TITLE } else { top };
        let bottom = first + ROW * panel.bars.len() as f64;
        if title {
            line(
                svg,
                format_args!(
                    "<text x=\"10\" y=\"{:.1}\" font-weight=\"bold\">{}</text>",
                    top + 18.0,
                    escape(&panel.title)
                ),
            );
        }
        for at in 0..=scale.steps {
            let value = scale.step * f64::from(at);
            let x = scale.x(value);
            line(
                svg,
                format_args!(
                    "<path d=\"M{x:.1} {first:.1}V{:.1}\" stroke=\"#d5dae0\"/>\
                     <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"12\">{}</text>",
                    bottom + 4.0,
                    bottom + 18.0,
                    number(value)
                ),
            );
        }
        for (at, one) in panel.bars.iter().enumerate() {
            self.bar(svg, one, scale, first + ROW * at as f64);
        }
        bottom + PANEL_AXIS
    }

    fn bar(&self, svg: &mut String, bar: &Bar, scale: &Scale, top: f64) {
        let middle = top + ROW / 2.0;
        let fill = if bar.ours { "#3a8f62" } else { "#aab4bf" };
        line(
            svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{fill}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{} {}</text>",
                scale.left - 8.0,
                middle + 4.5,
                escape(&bar.label),
                scale.left,
                middle - BAR / 2.0,
                bar.figure.median * scale.per_unit,
                WIDTH - RIGHT + 10.0,
                middle + 4.5,
                number(bar.figure.median),
                self.unit,
            ),
        );
        spread(
            svg,
            scale.x(bar.figure.least),
            scale.x(bar.figure.most),
            middle,
        );
        // Each round is drawn: a median alone hides a bench that was disturbed.
        for value in &bar.figure.rounds {
            dot(svg, scale.x(*value), middle);
        }
    }

    /// What the axis shows, and what the marks mean.
    fn legend(&self, svg: &mut String, top: f64) {
        let middle = top + 34.0;
        line(
            svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <rect x=\"150\" y=\"{:.1}\" width=\"24\" height=\"12\" fill=\"#aab4bf\"/>\
                 <text x=\"182\" y=\"{:.1}\">median of {} rounds</text>\
                 <text x=\"382\" y=\"{:.1}\">least to most</text>\
                 <text x=\"532\" y=\"{:.1}\">one round</text>",
                WIDTH / 2.0,
                top + 10.0,
                escape(self.axis),
                middle - 6.0,
                middle + 4.5,
                self.rounds,
                middle + 4.5,
                middle + 4.5,
            ),
        );
        spread(svg, 344.0, 374.0, middle);
        dot(svg, 520.0, middle);
    }
}

/// A whisker between two places.
fn spread(svg: &mut String, from: f64, to: f64, y: f64) {
    let (up, down) = (y - 5.0, y + 5.0);
    line(
        svg,
        format_args!(
            "<path d=\"M{from:.1} {up:.1}V{down:.1}M{from:.1} {y:.1}H{to:.1}M{to:.1} {up:.1}V{down:.1}\" \
             stroke=\"#1f2933\" fill=\"none\"/>"
        ),
    );
}

fn dot(svg: &mut String, x: f64, y: f64) {
    line(
        svg,
        format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"#fff\" stroke=\"#1f2933\"/>"
        ),
    );
}

fn line(svg: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(svg, "{text}");
}

/// Round steps, eight at most, that reach beyond a value.
fn steps(most: f64) -> (f64, u32) {
    let mut power = 1.0;
    loop {
        for of_ten in [1.0, 2.0, 5.0] {
            let step = of_ten * power;
            for steps in 1..=8 {
                if step * f64::from(steps) >= most {
                    return (step, steps);
                }
            }
        }
        power *= 10.0;
    }
}

/// As short as says enough, with commas.
fn number(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    super::tables::grouped(value)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

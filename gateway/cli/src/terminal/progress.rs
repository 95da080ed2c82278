//! Progress on standard error, if it is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Work of unknown length.
pub fn spinner(message: impl Into<String>) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(message.into());
    // Ticks by itself, since the command waits in a single call.
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// Progress as done / total.
pub fn bar(message: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_message(message);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

//! The one writer of standard output.

use super::clean;
use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use gateway_api::with_page;
use gateway_config::ConfigErrors;
use serde::Serialize;
use std::{
    fmt::{self, Display},
    io::{self, IsTerminal as _, Write},
};

/// When to use color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where a command's own output goes. Flushed after each piece, so that a waiting reader sees it.
pub struct Output {
    out: Box<dyn Write + Send>,
    json: bool,
    color: bool,
    error_color: bool,
    terminal: bool,
    /// Where the gateway's pages are; empty if the command asks no gateway.
    pages: String,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("json", &self.json)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Standard output of this process.
    pub fn standard(json: bool, color: Color) -> Self {
        let wanted = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                // An empty `NO_COLOR` counts as absent, as its convention says.
                terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        let terminal = io::stdout().is_terminal();
        Self {
            out: Box::new(io::stdout()),
            json,
            color: wanted(terminal),
            error_color: wanted(io::stderr().is_terminal()),
            terminal,
            pages: String::new(),
        }
    }

    /// Whether JSON was asked for.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Whether what goes to standard error may be colored.
    pub const fn error_color(&self) -> bool {
        self.error_color
    }

    /// The gateway that the command asks also has pages, at this address.
    pub fn has_pages_at(&mut self, base: &str) {
        base.clone_into(&mut self.pages);
    }

    /// What to do, as the gateway says it: cleaned, because a carrier may have a part in it, and with the page that does
    /// the same as its command.
    pub fn advice(&self, text: &str) -> String {
        with_page(&clean(text), &self.pages)
    }

    /// Prints one line.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn line(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        // Flushed at each line: a reader of a pipe may wait for it.
        self.out.flush()
    }

    /// Prints bytes as they are.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    /// Prints a value as indented JSON.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        self.raw(&text)
    }

    /// Prints a table. A terminal gets lines around the cells, and cells that wrap at its width. A pipe or a
    /// file gets plain columns, one line for each row and two spaces between columns, for `grep` and `awk`.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn table(&mut self, header: &[&str], mut rows: Vec<Vec<String>>) -> io::Result<()> {
        let mut table = Table::new();
        // Both ways are forced, as the library would decide by standard output alone.
        if self.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(
            header
                .iter()
                .map(|title| Cell::new(title).add_attribute(Attribute::Bold)),
        );
        if self.terminal {
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.add_rows(rows);
            return self.line(table);
        }
        for cell in rows.iter_mut().flatten().filter(|cell| cell.is_empty()) {
            // An empty cell would make the next column look like this one.
            "-".clone_into(cell);
        }
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        self.line(table.trim_fmt())
    }

    /// Prints names and values, a line for each.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn facts(&mut self, facts: &[(&str, String)]) -> io::Result<()> {
        let width = facts
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or_default();
        for (name, value) in facts {
            self.line(format_args!("{name:width$}  {value}"))?;
        }
        Ok(())
    }

    /// Prints what was done.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn done(&mut self, kind: &str, name: &dyn Display, what: &str) -> io::Result<()> {
        if self.json {
            return self.json(&serde_json::json!({ kind: name.to_string(), "result": what }));
        }
        self.line(format_args!("{kind} {name} {what}"))
    }

    /// Prints the next step on standard error; programs are not told.
    pub fn hint(&self, text: &str) {
        if !self.json {
            // A closed standard error is no reason to fail a command that succeeded.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Prints a warning on standard error; programs are not told.
    pub fn warn(&self, text: &str) {
        self.marked("33", "warning", text);
    }

    /// Prints a notice on standard error: an account needs a person. Programs are not told.
    pub fn notice(&self, text: &str) {
        self.marked("33", "notice", text);
    }

    fn marked(&self, color: &str, mark: &str, text: &str) {
        if self.json {
            return;
        }
        let (on, off) = if self.error_color {
            (format!("\u{1b}[1;{color}m"), "\u{1b}[0m")
        } else {
            (String::new(), "")
        };
        let _ = writeln!(io::stderr(), "{on}{mark}:{off} {text}");
    }

    /// Lists on standard error what is wrong with a configuration, a line for each mistake.
    pub fn mistakes(&self, errors: &ConfigErrors) {
        let count = errors.mistakes().len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        let _ = writeln!(io::stderr(), "{errors}");
        self.error(&format_args!(
            "{count} {noun} in {}",
            errors.file().display()
        ));
    }

    /// Says on standard error where the gateway's configuration has a mistake, as [`Self::mistakes`] does.
    pub fn mistake(&self, line: &str) {
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// Says on standard error why a command failed.
    pub fn error(&self, error: &dyn Display) {
        let (on, off) = if self.error_color {
            ("\u{1b}[1;31m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        // If standard error fails too, there is no place to report it.
        let _ = writeln!(io::stderr(), "{on}error:{off} {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex, PoisonError};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            page.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(terminal: bool, rows: Vec<Vec<String>>) -> String {
        let page = Page::default();
        let mut output = Output {
            out: Box::new(page.clone()),
            json: false,
            color: false,
            error_color: false,
            terminal,
            pages: String::new(),
        };
        output
            .table(&["Account", "Number", "Message"], rows)
            .expect("it takes all");
        let page = page.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(page.clone()).expect("text")
    }

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![
            row([
                "main",
                "A1B2C3",
                &"the carrier refused the client secret; ".repeat(12),
            ]),
            row(["Größe", "", "ready"]),
        ]
    }

    #[test]
    fn table_in_a_pipe_has_plain_columns_and_one_line_for_each_row() {
        let long = "the carrier refused the client secret; ".repeat(12);
        let wanted = format!(
            "Account  Number  Message\nmain     A1B2C3  {}\nGröße    -       ready\n",
            long.trim_end()
        );
        assert_eq!(printed(false, rows()), wanted);
    }

    #[test]
    fn table_on_a_terminal_has_lines_around_its_cells() {
        let shown = printed(true, rows());
        assert!(shown.contains("│ Account ┆ Number ┆ Message"), "{shown}");
        assert!(shown.contains("│ Größe   ┆        ┆ ready"), "{shown}");
    }
}

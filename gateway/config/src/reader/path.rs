//! Paths: relative to the folder of the configuration file.

use super::{
    context::{At, Context},
    table::Table,
};
use crate::description::Key;
use std::{convert::Infallible, io::Read as _, path::PathBuf};

/// More than any certificate bundle.
const LONGEST: u64 = 4 * 1024 * 1024;

impl Table<'_> {
    /// A path, made absolute as far as the folder of the configuration file is.
    pub(crate) fn path(&self, cx: &mut Context<'_>, key: &Key) -> Option<At<PathBuf>> {
        let at = self.parsed(cx, key, |text| Ok::<_, Infallible>(text.to_owned()))?;
        // Joined to the folder it would be the folder itself.
        if at.value.is_empty() {
            self.refuse(cx, key, at.place, "empty");
            return None;
        }
        Some(At {
            value: cx.folder.join(at.value),
            place: at.place,
        })
    }

    /// The path of a PEM file that can be read and holds one of the kinds of object.
    pub(crate) fn pem(&self, cx: &mut Context<'_>, key: &Key, kinds: &[&str]) -> Option<PathBuf> {
        let at = self.path(cx, key)?;
        let mut bytes = Vec::new();
        // Read now: a certificate that is missing must not be found at the first handshake.
        let read = std::fs::File::open(&at.value)
            .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
        let holds = |kind: &&str| {
            let line = format!("-----BEGIN {kind}-----");
            // The line is looked for and not parsed: text before it is allowed in PEM.
            bytes.windows(line.len()).any(|w| w == line.as_bytes())
        };
        let problem = match read {
            Err(error) => format!("cannot be read: {error}"),
            Ok(_) if !kinds.iter().any(holds) => {
                format!("holds no \"BEGIN {}\" line", kinds.join("\" or \"BEGIN "))
            }
            Ok(_) => return Some(at.value),
        };
        let message = format!(
            "{}: the file {} {problem}",
            self.label(key),
            at.value.display()
        );
        cx.mistake(at.place, message, "write the path of a PEM file");
        None
    }
}

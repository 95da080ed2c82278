//! The files of a package, as they will be on the user's machine.

use anyhow::{Context as _, Result};
use std::{collections::BTreeMap, fs, path::Path};

/// Paths without a leading slash, sorted, and what is there.
#[derive(Default)]
pub(super) struct Tree(BTreeMap<String, Entry>);

pub(super) struct Entry {
    pub(super) mode: u32,
    /// User and group; 0 is root.
    pub(super) owner: u32,
    /// Nothing for a folder.
    pub(super) content: Option<Vec<u8>>,
}

impl Tree {
    /// Adds a file, and the folders above it.
    pub(super) fn file(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) {
        self.parents(path);
        let content = Some(content.into());
        self.0.insert(
            path.to_owned(),
            Entry {
                mode,
                owner: 0,
                content,
            },
        );
    }

    /// Adds a folder, and the folders above it.
    pub(super) fn folder(&mut self, path: &str, mode: u32) {
        self.parents(path);
        let entry = Entry {
            mode,
            owner: 0,
            content: None,
        };
        self.0.insert(path.to_owned(), entry);
    }

    /// Gives an entry to another user than root.
    pub(super) fn give(&mut self, path: &str, owner: u32) {
        if let Some(entry) = self.0.get_mut(path) {
            entry.owner = owner;
        }
    }

    /// Adds the copy of a file.
    pub(super) fn copy(&mut self, path: &str, mode: u32, from: &Path) -> Result<()> {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.file(path, mode, content);
        Ok(())
    }

    /// Adds the copy of a folder with everything in it.
    pub(super) fn copy_all(&mut self, path: &str, from: &Path) -> Result<()> {
        let entries =
            fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
        for entry in entries {
            let from = entry?.path();
            let name = from.file_name().context("an entry has a name")?;
            let path = format!("{path}/{}", name.to_string_lossy());
            if from.is_dir() {
                self.copy_all(&path, &from)?;
            } else {
                self.copy(&path, 0o644, &from)?;
            }
        }
        Ok(())
    }

    fn parents(&mut self, path: &str) {
        for (at, _) in path.match_indices('/') {
            self.0.entry(path[..at].to_owned()).or_insert(Entry {
                mode: 0o755,
                owner: 0,
                content: None,
            });
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// The files with their contents.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries()
            .filter_map(|(path, entry)| Some((path, entry.content.as_deref()?)))
    }
}

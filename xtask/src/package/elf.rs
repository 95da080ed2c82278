//! What a program needs of the machine: read from the program, so that a package never promises more.

use anyhow::{Context as _, Result, bail, ensure};
use object::{
    LittleEndian, elf,
    read::elf::{FileHeader as _, SectionTable},
};
use std::{fs, path::Path};

type Header = elf::FileHeader64<LittleEndian>;

/// A kind of processor, in the words of each kind of package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    pub(super) name: &'static str,
    pub(super) debian: &'static str,
    pub(super) node: &'static str,
}

const X86_64: Machine = Machine {
    name: "x86_64",
    debian: "amd64",
    node: "x64",
};
const AARCH64: Machine = Machine {
    name: "aarch64",
    debian: "arm64",
    node: "arm64",
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) machine: Machine,
    /// The oldest version of the C library that has every symbol.
    pub(super) glibc: (u16, u16),
}

impl Needs {
    pub(super) fn of(file: &Path) -> Result<Self> {
        let data = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::read(&data).with_context(|| format!("{} cannot be packed", file.display()))
    }

    fn read(data: &[u8]) -> Result<Self> {
        let header = Header::parse(data).context("it is no program of a 64-bit Linux")?;
        let machine = match header.e_machine(LittleEndian) {
            elf::EM_X86_64 => X86_64,
            elf::EM_AARCH64 => AARCH64,
            other => bail!("packages are made for x86_64 and aarch64, not for ELF machine {other}"),
        };
        let sections = header.sections(LittleEndian, data)?;
        let mut glibc = (2, 17);
        for version in versions(&sections, data)? {
            let numbers = version.strip_prefix("GLIBC_").and_then(numbers);
            glibc = glibc.max(numbers.unwrap_or(glibc));
        }
        Ok(Self { machine, glibc })
    }

    /// What both need.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            machine: self.machine,
            glibc: self.glibc.max(other.glibc),
        }
    }
}

/// `2.34` of `2.34` and `2.2.5`.
fn numbers(version: &str) -> Option<(u16, u16)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// The versions of symbols that a program needs of its libraries.
fn versions(sections: &SectionTable<'_, Header>, data: &[u8]) -> Result<Vec<String>> {
    let Some((mut needs, link)) = sections.gnu_verneed(LittleEndian, data)? else {
        bail!("it is linked statically, and a static program cannot load plugins");
    };
    let strings = sections.strings(LittleEndian, data, link)?;
    let mut names = Vec::new();
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            let name = version.name(LittleEndian, strings)?;
            names.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    ensure!(!names.is_empty(), "it needs no C library");
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_of_this_program_are_this_machines_at_most() {
        let needs = Needs::of(&std::env::current_exe().unwrap()).unwrap();
        assert_eq!(needs.machine.name, std::env::consts::ARCH);
        assert!((2, 17) <= needs.glibc && needs.glibc < (3, 0), "{needs:?}");
    }

    #[test]
    fn file_that_is_no_program_is_named() {
        let error = Needs::of(Path::new(file!())).unwrap_err();
        assert!(format!("{error:#}").contains("elf.rs"), "{error:#}");
        let error = format!("{:#}", Needs::read(b"#!/bin/sh\n").unwrap_err());
        assert!(error.contains("no program"), "{error}");
    }

    #[test]
    fn version_is_two_numbers() {
        assert_eq!(numbers("2.34"), Some((2, 34)));
        assert_eq!(numbers("2.2.5"), Some((2, 2)));
        assert_eq!(numbers("PRIVATE"), None);
    }
}

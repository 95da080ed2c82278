//! The parts of an ELF file that matter here, as the dynamic loader sees them.
//!
//! The loader goes by segments and dynamic entries and ignores section headers. Sections are read too
//! (they alone tell how many symbols there are), but only when they describe the same tables;
//! otherwise a file could show one thing here and another to the loader.

use crate::Refusal;
use object::{
    LittleEndian,
    elf::{self, FileHeader64},
    read::{
        StringTable,
        elf::{Dyn as _, FileHeader as _, ProgramHeader as _, SectionHeader as _, Sym as _},
    },
};

type Header = FileHeader64<LittleEndian>;
type Sections<'a> = object::read::elf::SectionTable<'a, Header>;
type Symbols<'a> = object::read::elf::SymbolTable<'a, Header>;

const LE: LittleEndian = LittleEndian;

#[cfg(target_arch = "x86_64")]
const HOST: (elf::Machine, &str) = (elf::EM_X86_64, "x86-64");
#[cfg(target_arch = "aarch64")]
const HOST: (elf::Machine, &str) = (elf::EM_AARCH64, "aarch64");

/// More names than any plugin has; a table that claims more is a trap, not a plugin.
const MAX_SYMBOLS: usize = 100_000;
/// Longest dynamic table that is read.
const MAX_DYNAMIC: usize = 1_000;

/// A shared library for this machine whose tables were found and agree.
pub(super) struct Library<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) sections: Sections<'a>,
    segments: &'a [elf::ProgramHeader64<LittleEndian>],
    dynamic: Vec<(elf::DynamicTag, u64)>,
    symbols: Symbols<'a>,
}

/// A symbol that other code can see.
pub(super) struct Export<'a> {
    pub(super) name: &'a [u8],
    pub(super) is_function: bool,
}

impl<'a> Library<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let header = header(bytes)?;
        let segments = header
            .program_headers(LE, bytes)
            .map_err(|_| Refusal::Damaged("program headers"))?;
        let sections = header
            .sections(LE, bytes)
            .map_err(|_| Refusal::Damaged("section headers"))?;
        let symbols = sections
            .symbols(LE, bytes, elf::SHT_DYNSYM)
            .map_err(|_| Refusal::Damaged("dynamic symbols"))?;
        // Checked before anything walks the table: the count is the file's claim.
        if symbols.len() > MAX_SYMBOLS {
            return Err(Refusal::Damaged("more symbols than a plugin can have"));
        }
        let library = Self {
            bytes,
            sections,
            segments,
            dynamic: dynamic(bytes, segments)?,
            symbols,
        };
        library.check_agreement()?;
        Ok(library)
    }

    /// Section headers and dynamic entries must speak of the same symbol and string tables.
    fn check_agreement(&self) -> Result<(), Refusal> {
        let disagree = || Refusal::Damaged("section headers contradict the dynamic table");
        let pairs = [
            (elf::DT_SYMTAB, self.symbols.section()),
            (elf::DT_STRTAB, self.symbols.string_section()),
        ];
        for (tag, index) in pairs {
            let section = self.sections.section(index).map_err(|_| disagree())?;
            let address = self.entry(tag).ok_or_else(disagree)?;
            let offset = self.file_offset(address).ok_or_else(disagree)?;
            // Both, since a loader reads by address and this check by offset.
            if section.sh_addr(LE) != address || section.sh_offset(LE) != offset {
                return Err(disagree());
            }
        }
        // The linker writes no table twice; a second one could hide what the first one shows.
        let tables = self
            .sections
            .iter()
            .filter(|s| s.sh_type(LE) == elf::SHT_DYNSYM)
            .count();
        if tables == 1 { Ok(()) } else { Err(disagree()) }
    }

    /// Writable code, an executable stack.
    pub(super) fn check_segments(&self) -> Result<(), Refusal> {
        let executable = |p: &elf::ProgramHeader64<_>| p.p_flags(LE).contains(elf::PF_X);
        let of_type = |kind| self.segments.iter().filter(move |p| p.p_type(LE) == kind);
        // Memory that is both can be changed into other code after every check.
        if of_type(elf::PT_LOAD).any(|p| executable(p) && p.p_flags(LE).contains(elf::PF_W)) {
            return Err(Refusal::WritableCode);
        }
        // Without the entry the loader assumes that the stack must be executable.
        let stacks = of_type(elf::PT_GNU_STACK).count();
        if stacks == 0 || of_type(elf::PT_GNU_STACK).any(executable) {
            return Err(Refusal::ExecutableStack);
        }
        Ok(())
    }

    /// Thread-local storage, relocations and search paths.
    pub(super) fn check_dynamic(&self) -> Result<(), Refusal> {
        let flags = self.entry(elf::DT_FLAGS).unwrap_or(0);
        // It would take room that the process keeps for its own libraries.
        if flags & elf::DF_STATIC_TLS.0 != 0 {
            return Err(Refusal::StaticTls);
        }
        let textrel = flags & elf::DF_TEXTREL.0 != 0;
        if textrel || self.entry(elf::DT_TEXTREL).is_some() {
            // Relocations in code make the loader write to it.
            return Err(Refusal::TextRelocations);
        }
        for tag in [elf::DT_RPATH, elf::DT_RUNPATH] {
            // A search path would let a library beside the plugin be loaded unchecked.
            if let Some(path) = self.strings_of(tag)?.pop() {
                return Err(Refusal::SearchPath(shown(path)));
            }
        }
        Ok(())
    }

    /// Strings of all dynamic entries with a tag.
    pub(super) fn strings_of(&self, tag: elf::DynamicTag) -> Result<Vec<&'a [u8]>, Refusal> {
        let strings = self.strings();
        let offsets = self.dynamic.iter().filter(|(t, _)| *t == tag);
        offsets
            .map(|(_, offset)| {
                u32::try_from(*offset)
                    .ok()
                    .and_then(|offset| strings.get(offset).ok())
                    .ok_or(Refusal::Damaged("a name in the dynamic table"))
            })
            .collect()
    }

    /// The dynamic string table.
    pub(super) fn strings(&self) -> StringTable<'a> {
        self.symbols.strings()
    }

    /// What the library defines for others.
    pub(super) fn exports(&self) -> impl Iterator<Item = Export<'a>> {
        self.named(false).map(|(symbol, name)| Export {
            name,
            is_function: symbol.st_type() == elf::STT_FUNC,
        })
    }

    /// What the library wants from others.
    pub(super) fn imports(&self) -> impl Iterator<Item = &'a [u8]> {
        self.named(true).map(|(_, name)| name)
    }

    fn named(
        &self,
        undefined: bool,
    ) -> impl Iterator<Item = (&'a elf::Sym64<LittleEndian>, &'a [u8])> {
        let strings = self.strings();
        self.symbols.iter().filter_map(move |symbol| {
            let visible = symbol.st_bind() != elf::STB_LOCAL
                && (undefined || is_visible(symbol.st_visibility()));
            let wanted = (symbol.st_shndx(LE) == elf::SHN_UNDEF) == undefined;
            let name = symbol.name(LE, strings).ok()?;
            (visible && wanted && !name.is_empty()).then_some((symbol, name))
        })
    }

    /// The value of a dynamic entry; of the last one, as the loader reads them.
    pub(super) fn entry(&self, tag: elf::DynamicTag) -> Option<u64> {
        let found = self.dynamic.iter().rev().find(|(t, _)| *t == tag)?;
        Some(found.1)
    }

    /// Where an address of the loaded library comes from.
    pub(super) fn file_offset(&self, address: u64) -> Option<u64> {
        self.segments
            .iter()
            .filter(|p| p.p_type(LE) == elf::PT_LOAD)
            .find_map(|p| {
                let inside = address.checked_sub(p.p_vaddr(LE))?;
                (inside < p.p_filesz(LE)).then(|| p.p_offset(LE).checked_add(inside))?
            })
    }
}

/// The header of a 64-bit little-endian shared library for this machine.
fn header(bytes: &[u8]) -> Result<&Header, Refusal> {
    // Looked at by hand, for a message that says what is wrong.
    if !bytes.starts_with(b"\x7fELF") {
        return Err(Refusal::NotElf);
    }
    let wrong = |found: String| Refusal::WrongMachine {
        found,
        host: HOST.1,
    };
    match bytes.get(4..6) {
        Some([2, 1]) => {}
        Some([1, _]) => return Err(wrong("a 32-bit machine".into())),
        Some([2, 2]) => return Err(wrong("a big-endian machine".into())),
        Some(_) | None => return Err(Refusal::Damaged("header")),
    }
    let header = Header::parse(bytes).map_err(|_| Refusal::Damaged("header"))?;
    let machine = header.e_machine(LE);
    if machine != HOST.0 {
        return Err(wrong(format!("ELF machine {}", machine.0)));
    }
    match header.e_type(LE) {
        elf::ET_DYN => Ok(header),
        elf::ET_EXEC => Err(Refusal::NotALibrary("a program")),
        elf::ET_REL => Err(Refusal::NotALibrary("an object file")),
        _ => Err(Refusal::NotALibrary("another kind of ELF file")),
    }
}

/// The entries of the only dynamic segment, up to the terminator.
fn dynamic(
    bytes: &[u8],
    segments: &[elf::ProgramHeader64<LittleEndian>],
) -> Result<Vec<(elf::DynamicTag, u64)>, Refusal> {
    let damaged = Refusal::Damaged("dynamic table");
    let mut tables = segments.iter().filter(|p| p.p_type(LE) == elf::PT_DYNAMIC);
    // The loader uses one of several; which one is not worth relying on.
    let (Some(segment), None) = (tables.next(), tables.next()) else {
        return Err(damaged);
    };
    let Ok(Some(entries)) = segment.dynamic(LE, bytes) else {
        return Err(damaged);
    };
    if entries.len() > MAX_DYNAMIC {
        return Err(damaged);
    }
    let used = entries.iter().take_while(|d| d.tag(LE) != elf::DT_NULL);
    Ok(used.map(|d| (d.tag(LE), d.val(LE))).collect())
}

fn is_visible(visibility: elf::SymbolVisibility) -> bool {
    visibility == elf::STV_DEFAULT || visibility == elf::STV_PROTECTED
}

/// A name from the file, fit for a message.
pub(super) fn shown(name: &[u8]) -> String {
    crate::text::clean(&String::from_utf8_lossy(name), 120)
}

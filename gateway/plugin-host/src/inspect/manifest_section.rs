//! The manifest's bytes in the file.

use super::elf::Library;
use crate::Refusal;
use object::{LittleEndian, elf, read::elf::SectionHeader as _};
use plugins_abi::{MANIFEST_MAGIC, MANIFEST_SECTION, MAX_MANIFEST_LEN};

const LE: LittleEndian = LittleEndian;

/// The JSON between the section's length and its padding.
pub(super) fn read<'a>(library: &Library<'a>) -> Result<&'a [u8], Refusal> {
    let strange = Refusal::ManifestSection;
    let mut sections = library.sections.iter().filter(|section| {
        library.sections.section_name(LE, section) == Ok(MANIFEST_SECTION.as_bytes())
    });
    let section = sections.next().ok_or(Refusal::NoManifest)?;
    // Of two, the one checked here might not be the one that the code points at.
    if sections.next().is_some() {
        return Err(strange("there are two"));
    }
    // An allocated section survives `strip`, and the plugin's table can point at it.
    if !section.sh_flags(LE).contains(elf::SHF_ALLOC) {
        return Err(strange("not part of the loaded image"));
    }
    let data = section
        .data(LE, library.bytes)
        .map_err(|_| strange("outside the file"))?;
    let rest = data
        .strip_prefix(&MANIFEST_MAGIC)
        .ok_or_else(|| strange("it does not start with WAYBILL1"))?;
    let (len, rest) = rest
        .split_first_chunk()
        .ok_or_else(|| strange("no length"))?;
    // In the machine's own order, as the compiler wrote it.
    let len = u32::from_ne_bytes(*len) as usize;
    if len > MAX_MANIFEST_LEN {
        return Err(strange("longer than 256 KiB"));
    }
    rest.get(..len)
        .ok_or_else(|| strange("longer than its section"))
}

//! Dynamic symbols of the programs and the plugin.
//!
//! The dynamic linker looks for a function in the program first. A gateway that exported one would replace a
//! plugin's own function of that name, and a plugin would run code that it was not built with.

use object::{
    LittleEndian, elf,
    read::elf::{FileHeader as _, Sym as _},
};
use std::{fs, path::Path};
use tests::programs;

/// Symbols that a file defines for others.
fn exports(file: &Path) -> Vec<String> {
    const LE: LittleEndian = LittleEndian;
    let bytes = fs::read(file).expect("it was built");
    let header = elf::FileHeader64::<LittleEndian>::parse(&*bytes).expect("an ELF file");
    let sections = header.sections(LE, &*bytes).expect("section headers");
    let symbols = sections.symbols(LE, &*bytes, elf::SHT_DYNSYM);
    let symbols = symbols.expect("dynamic symbols");
    let defined = symbols.iter().filter(|symbol| {
        symbol.st_shndx(LE) != elf::SHN_UNDEF && symbol.st_bind() != elf::STB_LOCAL
    });
    let name = |symbol: &elf::Sym64<LittleEndian>| {
        let name = symbol.name(LE, symbols.strings()).expect("a name");
        String::from_utf8_lossy(name).into_owned()
    };
    defined.map(name).collect()
}

#[test]
fn programs_export_no_dynamic_symbols() {
    let programs = programs();
    for program in [&programs.waybill, &programs.mock_ups] {
        assert_eq!(exports(program), [""; 0], "{}", program.display());
    }
}

#[test]
fn plugin_exports_its_entry_point_alone() {
    assert_eq!(exports(&programs().ups_plugin), ["waybill_entry_v1"]);
}

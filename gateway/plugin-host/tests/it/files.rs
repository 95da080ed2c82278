//! Every refusal of the static check has a file.

use crate::support::compile;
use gateway_plugin_host::{Manifest, Refusal, Report, inspect};
use object::{
    LittleEndian,
    elf::{self, FileHeader64},
    read::elf::{FileHeader as _, SectionHeader as _},
};
use std::mem::offset_of;

fn refusal(source: &str, options: &[&str]) -> Refusal {
    inspect(&compile(source, options)).expect_err("to be refused")
}

fn reports(source: &str, options: &[&str]) -> Vec<Report> {
    inspect(&compile(source, options)).expect("fine").reports
}

fn basic() -> Vec<u8> {
    compile("basic.c", &[])
}

fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut library = basic();
    library[at..at + bytes.len()].copy_from_slice(bytes);
    library
}

/// Replaces text of the same length, wherever it stands.
fn replaced(source: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut library = compile(source, &[]);
    let mut found = 0;
    for at in 0..library.len() - from.len() {
        if library[at..].starts_with(from) {
            library[at..at + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "no {}", String::from_utf8_lossy(from));
    library
}

#[test]
fn good_plugin_passes_without_reports() {
    let inspection = inspect(&basic()).expect("fine");
    let Manifest { name, version, .. } = &*inspection.manifest;
    assert_eq!((name.as_str(), version.as_str()), ("basic", "0.1.0"));
    assert_eq!(inspection.reports, []);
}

#[test]
fn stripped_plugin_keeps_its_manifest() {
    assert!(inspect(&compile("basic.c", &["-s"])).is_ok());
}

#[test]
fn other_files_are_not_elf() {
    for bytes in [
        &b""[..],
        b"\x7fEL",
        b"#!/bin/sh\n",
        b"PK\x03\x04",
        &[0; 4096],
    ] {
        assert_eq!(inspect(bytes).expect_err("no"), Refusal::NotElf);
    }
}

#[test]
fn truncated_plugin_is_refused_at_every_length() {
    let library = basic();
    for len in (0..library.len()).step_by(61) {
        assert!(inspect(&library[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn library_for_another_machine_is_refused() {
    for (at, bytes) in [(4, &[1][..]), (5, &[2]), (18, &[8, 0])] {
        let refused = inspect(&patched(at, bytes)).expect_err("no");
        assert!(matches!(refused, Refusal::WrongMachine { .. }), "{refused}");
    }
}

#[test]
fn program_and_object_file_are_not_libraries() {
    let program = Refusal::NotALibrary("a program");
    assert_eq!(inspect(&patched(16, &[2, 0])).expect_err("no"), program);
    let object = Refusal::NotALibrary("an object file");
    assert_eq!(refusal("basic.c", &["-c"]), object);
}

#[test]
fn plugin_without_manifest_is_refused() {
    assert_eq!(refusal("basic.c", &["-DNO_MANIFEST"]), Refusal::NoManifest);
}

#[test]
fn damaged_manifest_section_is_refused() {
    for (from, to) in [
        (&b"WAYBILL1"[..], &b"WAYBILL9"[..]),
        // The length, right behind the magic number.
        (&b"WAYBILL1\x00"[..9], &b"WAYBILL1\xff"[..]),
    ] {
        let library = basic();
        let at = library.windows(8).position(|w| w == b"WAYBILL1").unwrap();
        let mut library = library;
        if to.ends_with(b"\xff") {
            library[at + 8..at + 12].fill(0xff);
        } else {
            library[at..at + from.len()].copy_from_slice(to);
        }
        let refused = inspect(&library).expect_err("no");
        assert!(matches!(refused, Refusal::ManifestSection(_)), "{refused}");
    }
}

#[test]
fn manifest_that_is_not_json_is_refused() {
    let refused = inspect(&replaced("basic.c", b"{\"abi\"", b"[\"abi\"")).expect_err("no");
    assert!(matches!(refused, Refusal::Manifest(_)), "{refused}");
}

#[test]
fn other_major_is_refused_naming_both() {
    let by_manifest = refusal("basic.c", &["-DPLUGIN_ABI=\"2.0\""]);
    let by_symbol = refusal("entry_v2.c", &[]);
    assert_eq!(by_manifest, Refusal::AbiMajor { plugin: 2 });
    assert_eq!(by_symbol, by_manifest);
    let text = by_manifest.to_string();
    assert!(
        text.contains("major 2") && text.contains("major 1"),
        "{text}"
    );
}

#[test]
fn newer_minor_is_refused_naming_both() {
    let refused = refusal("basic.c", &["-DPLUGIN_REQUIRES=\"7\""]);
    assert_eq!(refused, Refusal::AbiMinor { requires: 7 });
    let text = refused.to_string();
    assert!(text.contains("1.7") && text.contains("1.1"), "{text}");
}

#[test]
fn entry_that_is_missing_or_no_function_is_refused() {
    assert_eq!(refusal("entry_missing.c", &[]), Refusal::NoEntry);
    assert_eq!(refusal("entry_data.c", &[]), Refusal::BadEntry);
}

#[test]
fn static_thread_local_storage_is_refused() {
    assert_eq!(refusal("static_tls.c", &[]), Refusal::StaticTls);
}

#[test]
fn code_relocations_are_refused() {
    let refused = refusal("textrel.c", &["-Wl,-z,notext"]);
    assert_eq!(refused, Refusal::TextRelocations);
}

#[test]
fn executable_memory_is_refused() {
    let code = refusal("writable_code.c", &[]);
    assert_eq!(code, Refusal::WritableCode);
    let stack = refusal("basic.c", &["-Wl,-z,execstack"]);
    assert_eq!(stack, Refusal::ExecutableStack);
}

#[test]
fn own_search_path_is_refused() {
    for flag in ["-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"] {
        let refused = refusal("basic.c", &["-Wl,-rpath,/opt/evil", flag]);
        assert_eq!(refused, Refusal::SearchPath("/opt/evil".into()));
    }
}

#[test]
fn newer_glibc_is_refused_naming_both() {
    let library = replaced("modes.c", b"GLIBC_2.2.5\0", b"GLIBC_2.999\0");
    let refused = inspect(&library).expect_err("no");
    let Refusal::Glibc { needed, present } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(needed, "2.999");
    assert!(present.starts_with("2."), "{present}");
}

#[test]
fn section_headers_that_contradict_the_loader_are_refused() {
    // The loader would see other symbols than the check.
    let library = basic();
    let header = FileHeader64::<LittleEndian>::parse(&*library).unwrap();
    let sections = header.sections(LittleEndian, &*library).unwrap();
    let first = header.e_shoff.get(LittleEndian) as usize;
    let size = size_of::<elf::SectionHeader64<LittleEndian>>();
    let symbols = |s: &elf::SectionHeader64<_>| s.sh_type(LittleEndian) == elf::SHT_DYNSYM;
    let index = sections.iter().position(symbols).unwrap();
    let at = first + index * size + offset_of!(elf::SectionHeader64<LittleEndian>, sh_offset);
    let old = u64::from_le_bytes(library[at..at + 8].try_into().unwrap());
    let refused = inspect(&patched(at, &(old + 24).to_le_bytes())).expect_err("no");
    assert!(matches!(refused, Refusal::Damaged(_)), "{refused}");
}

#[test]
fn second_export_is_reported() {
    let found = reports("extra_export.c", &[]);
    assert_eq!(found, [Report::Export("leftover".into())]);
}

#[test]
fn foreign_library_is_reported() {
    let found = reports("basic.c", &["-Wl,--no-as-needed", "-lresolv"]);
    assert_eq!(found, [Report::Library("libresolv.so.2".into())]);
}

#[test]
fn network_and_threads_are_reported() {
    let found = reports("forbidden.c", &[]);
    let names = ["pthread_create", "socket"];
    assert_eq!(found, names.map(|name| Report::Import(name.into())));
}

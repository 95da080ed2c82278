//! Hostile files: the check never panics and never reads outside, whatever the bytes.

use crate::{oracle::check, support::compile};
use gateway_plugin_host::inspect;
use proptest::prelude::*;
use std::{fs, path::Path};

/// The corpus of the fuzz target; `cargo xtask test --full` runs libFuzzer from it.
#[test]
fn corpus_is_inspected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/inspect");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        check(&fs::read(entry.expect("an entry").path()).expect("a file"));
        seen += 1;
    }
    assert!(seen > 0, "no corpus");
}

/// The same for what the gateway reads from worker processes.
#[test]
fn corpus_of_answers_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/answers");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("a file");
        let read = gateway_plugin_host::reread_answer(&bytes);
        assert_eq!(read, Some(bytes), "not in the form that workers send");
        seen += 1;
    }
    assert!(seen > 0, "no corpus");
}

/// The same for the memory that the gateway shares with worker processes.
#[test]
fn corpus_of_the_ring_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/ring");
    for (file, is_signed) in [
        ("signed", true),
        ("log", true),
        ("refused", false),
        ("length", false),
        ("state", false),
    ] {
        let bytes = fs::read(folder.join(file)).expect("the corpus");
        assert_eq!(crate::hostile_ring::check(&bytes), is_signed, "{file}");
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(2000))]

    #[test]
    fn changed_answer_means_one_thing(
        file in prop::sample::select(vec!["credential", "failure", "loaded", "log", "request"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/answers");
        let mut bytes = fs::read(folder.join(file)).expect("the corpus");
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        crate::answers::check(&bytes);
    }

    #[test]
    fn changed_memory_gives_an_answer_or_a_failure(
        file in prop::sample::select(vec!["signed", "refused", "log", "length", "state"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/ring");
        let mut bytes = fs::read(folder.join(file)).expect("the corpus");
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        crate::hostile_ring::check(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        prop_assert!(inspect(&bytes).is_err());
    }

    /// Behind a proper start the parser goes deeper.
    #[test]
    fn arbitrary_elf_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 64..4096)) {
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[16..20].copy_from_slice(&[3, 0, 62, 0]);
        prop_assert!(inspect(&bytes).is_err());
    }

    /// A real library with some bytes changed and its end cut off. It may still be fine.
    #[test]
    fn mutated_library_never_panics(
        source in prop::sample::select(vec!["basic.c", "modes.c", "forbidden.c"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..32),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut library = compile(source, &[]);
        for (index, byte) in changes {
            let at = index.index(library.len());
            library[at] = byte;
        }
        if let Some(cut) = cut {
            library.truncate(cut.index(library.len()));
        }
        check(&library);
    }

    /// Offsets, sizes and counts are where parsers fall: change the headers only.
    #[test]
    fn mutated_headers_never_panic(
        changes in prop::collection::vec((0_usize..1024, any::<u8>()), 1..12),
        tail in prop::collection::vec((0_usize..2048, any::<u8>()), 0..12),
    ) {
        let mut library = compile("basic.c", &[]);
        let len = library.len();
        for (at, byte) in changes {
            library[at] = byte;
        }
        for (back, byte) in tail {
            library[len - 1 - back] = byte; // the section headers
        }
        check(&library);
    }
}

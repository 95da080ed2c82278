//! The corpus of the fuzz targets, and mutations of it: what CI has of fuzzing. `cargo xtask test --full` runs
//! libFuzzer.

use crate::oracle::{requests, responses};
use proptest::prelude::*;
use std::{fs, path::Path};

/// Every input of a target, in the order of file names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(folder).expect("the corpus");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus for {target}");
    files
        .iter()
        .map(|file| fs::read(file).expect("a file"))
        .collect()
}

#[test]
fn corpus_is_read_alike() {
    corpus("requests")
        .iter()
        .for_each(|bytes| requests::check(bytes));
    corpus("responses")
        .iter()
        .for_each(|bytes| responses::check(bytes));
}

/// One change of an input; the numbers say where and what.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    /// Behind this place comes what another input has behind that place.
    Splice(
        prop::sample::Index,
        prop::sample::Index,
        prop::sample::Index,
    ),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    let byte = || prop_oneof![3 => prop::sample::select(&b"\r\n\t :;,0139afAF_-\0\x7f\xffx"[..]), 1 => any::<u8>()];
    prop_oneof![
        3 => (at(), byte()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        2 => at().prop_map(Mutation::Remove),
        3 => (at(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        2 => (at(), at(), at()).prop_map(|(at, other, from)| Mutation::Splice(at, other, from)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation, corpus: &[Vec<u8>]) {
    let len = bytes.len();
    match mutation {
        Mutation::Insert(at, byte) => bytes.insert(at.index(len + 1), *byte),
        Mutation::Splice(at, other, from) => {
            let other = &corpus[other.index(corpus.len())];
            bytes.truncate(at.index(len + 1));
            bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
        }
        Mutation::Replace(at, byte) if len > 0 => bytes[at.index(len)] = *byte,
        Mutation::Remove(at) if len > 0 => {
            bytes.remove(at.index(len));
        }
        Mutation::Replace(..) | Mutation::Remove(_) => {}
    }
}

proptest! {
    #![proptest_config(tests_kit::properties(3000))]

    #[test]
    fn mutated_requests_are_read_alike(first: prop::sample::Index, mutations in prop::collection::vec(mutation(), 1..6)) {
        let corpus = corpus("requests");
        let mut bytes = corpus[first.index(corpus.len())].clone();
        mutations.iter().for_each(|mutation| mutate(&mut bytes, mutation, &corpus));
        requests::check(&bytes);
    }

    #[test]
    fn mutated_responses_are_read_alike(first: prop::sample::Index, mutations in prop::collection::vec(mutation(), 1..6)) {
        let corpus = corpus("responses");
        let mut bytes = corpus[first.index(corpus.len())].clone();
        mutations.iter().for_each(|mutation| mutate(&mut bytes, mutation, &corpus));
        responses::check(&bytes);
    }
}

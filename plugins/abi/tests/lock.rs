//! The layout of the ABI is what `abi.lock` says: in Rust, in C99 and in C++17.
//!
//! After an addition: raise `ABI_MINOR` here and in the header, then run
//! `WAYBILL_ABI_LOCK=regenerate cargo test -p plugins-abi --test lock` and commit the lock.

#[cfg(test)]
#[path = "lock/compare.rs"]
mod compare;
#[cfg(test)]
#[path = "lock/compilers.rs"]
mod compilers;
#[cfg(test)]
#[path = "lock/layout.rs"]
mod layout;

use std::{env, fs, path::Path};

const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/abi.lock");

fn lock() -> String {
    fs::read_to_string(LOCK).expect("the lock is part of the package")
}

#[test]
fn rust_layout_equals_the_lock() {
    let actual = layout::describe();
    let regenerate = env::var_os("WAYBILL_ABI_LOCK").is_some_and(|value| value == "regenerate");
    if regenerate {
        if Path::new(LOCK).exists() {
            compare::growth(&lock(), &actual).expect("an ABI may only grow, with a new minor");
        }
        fs::write(LOCK, &actual).unwrap();
    }
    assert_eq!(
        actual,
        lock(),
        "the layout differs from abi.lock; see the top of tests/lock.rs"
    );
}

#[test]
fn c_header_equals_the_lock() {
    compilers::c99(&compilers::program(&lock())).unwrap();
}

#[test]
fn cpp_header_equals_the_lock() {
    compilers::cpp17(&compilers::program(&lock())).unwrap();
}

#[test]
fn c_check_notices_a_wrong_lock() {
    for (right, wrong) in [
        (
            "offset waybill_event.body 40",
            "offset waybill_event.body 48",
        ),
        ("size waybill_host 40", "size waybill_host 48"),
        ("const WAYBILL_NET_DENIED 6", "const WAYBILL_NET_DENIED 7"),
        ("abi 1.1", "abi 1.2"),
        (
            "offset waybill_slot.failure 16",
            "offset waybill_slot.failure 24",
        ),
    ] {
        let lock = lock();
        assert!(lock.contains(right), "{right}");
        let program = compilers::program(&lock.replacen(right, wrong, 1));
        assert!(compilers::c99(&program).is_err(), "{wrong}");
    }
}

/// A plugin in plain C, complete and warning-free.
#[test]
fn c_plugin_compiles_as_c_and_cpp() {
    let program = include_str!("basic_plugin.c");
    compilers::c99(program).unwrap();
    compilers::cpp17(program).unwrap();
}

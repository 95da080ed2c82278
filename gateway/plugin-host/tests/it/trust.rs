//! Which content of a plugin may run: the lock file, pins, signatures, and several files of one plugin.

use crate::{
    catalog::{fault, load, states},
    support::{Folders, compile},
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_plugin_host::{
    Catalog, FileError, LOCK_FILE, LockError, LockingError, PluginFault, PluginLock, PluginPolicy,
    SignatureError, Trust, digest_of, lock_update,
};
use std::{
    collections::HashMap,
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

/// The plugin `basic` in a version.
fn build(version: &str) -> Vec<u8> {
    compile("basic.c", &[&format!("-DPLUGIN_VERSION=\"{version}\"")])
}

fn old_and_new() -> (Vec<u8>, Vec<u8>) {
    (build("0.1.0"), build("0.2.0"))
}

/// Writes down what the folder holds, as `waybill plugin lock` does.
fn lock(folders: &Folders, names: &[&str]) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let update = lock_update(folders.plugins.path(), &names).expect("it is clear what to lock");
    update.lock.write(folders.plugins.path()).expect("a folder");
}

fn default_load(folders: &Folders) -> Catalog {
    load(folders, &PluginPolicy::default())
}

fn trust(catalog: &Catalog) -> Vec<&'static str> {
    let entries = catalog.entries().iter();
    entries.map(|entry| entry.trust().as_str()).collect()
}

/// A key pair in the form of minisign. A unit test has signatures that minisign itself made.
struct Signer {
    pair: Ed25519KeyPair,
    id: [u8; 8],
}

impl Signer {
    fn new(seed: u8) -> Self {
        Self {
            pair: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed"),
            id: [seed; 8],
        }
    }

    /// The form of a public key and of a signature.
    fn line(&self, bytes: &[u8]) -> String {
        STANDARD.encode([b"Ed", &self.id[..], bytes].concat())
    }

    fn public(&self) -> String {
        self.line(self.pair.public_key().as_ref())
    }

    /// Puts the signature beside the file, as `minisign -S -l -m FILE` does.
    fn sign(&self, file: &Path) {
        let comment = "made by a test";
        let signature = self.pair.sign(&fs::read(file).unwrap());
        let whole = [signature.as_ref(), comment.as_bytes()].concat();
        let text = format!(
            "untrusted comment: x\n{}\ntrusted comment: {comment}\n{}\n",
            self.line(signature.as_ref()),
            STANDARD.encode(self.pair.sign(&whole))
        );
        let mut path = file.to_owned();
        path.as_mut_os_string().push(".minisig");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }

    /// Trusts this key.
    fn policy(&self) -> PluginPolicy {
        PluginPolicy {
            trusted_keys: vec![self.public().parse().expect("minisign's form")],
            ..PluginPolicy::default()
        }
    }
}

#[test]
fn locked_plugin_is_trusted_and_another_content_is_refused() {
    let folders = Folders::new();
    let library = build("0.1.0");
    let file = folders.put("basic.so", &library);
    lock(&folders, &[]);
    let catalog = default_load(&folders);
    assert_eq!(states(&catalog), ["active"]);
    assert_eq!(trust(&catalog), ["locked"]);
    let mut changed = library.clone();
    changed.push(0);
    fs::write(&file, &changed).unwrap();
    let catalog = default_load(&folders);
    let expected = PluginFault::Locked {
        name: "basic".into(),
        locked: digest_of(&library),
        found: digest_of(&changed),
    };
    assert_eq!(fault(&catalog.entries()[0]), &expected);
    assert!(expected.to_string().contains("waybill plugin lock basic"));
    // Without its file, and without another one of that name.
    fs::remove_file(&file).unwrap();
    assert_eq!(default_load(&folders).missing()[0].0, "basic");
}

#[test]
fn lock_file_that_cannot_be_trusted_keeps_everything_from_loading() {
    let folders = Folders::new();
    folders.put("basic.so", &build("0.1.0"));
    lock(&folders, &[]);
    let path = folders.plugins.path().join(LOCK_FILE);
    let good = fs::read_to_string(&path).unwrap();
    let refused = |what: &str| {
        let catalog = default_load(&folders);
        let PluginFault::Lock(error) = fault(&catalog.entries()[0]) else {
            panic!("{what}: {:?}", catalog.entries()[0].reason());
        };
        error.clone()
    };
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(
        refused("writable by all"),
        LockError::File {
            problem: FileError::Writable(0o666),
            ..
        }
    ));
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    for text in [&good[..good.len() / 2], "", "version = 9\n"] {
        fs::write(&path, text).unwrap();
        refused(text);
    }
    fs::remove_file(&path).unwrap();
    symlink("nowhere", &path).unwrap();
    refused("a link to nowhere");
    // Gone altogether: nothing is locked any more.
    fs::remove_file(&path).unwrap();
    assert_eq!(states(&default_load(&folders)), ["active"]);
}

#[test]
fn lock_file_chooses_among_files_of_one_plugin() {
    let folders = Folders::new();
    let (old, new) = old_and_new();
    folders.put("basic-old.so", &old);
    folders.put("basic.so", &new);
    // Without a lock nobody knows which one is meant.
    let catalog = default_load(&folders);
    assert_eq!(states(&catalog), ["faulted", "faulted"]);
    let message = fault(&catalog.entries()[0]).to_string();
    assert!(message.contains("waybill plugin lock FILE"), "{message}");
    lock(&folders, &["basic.so"]);
    let catalog = default_load(&folders);
    assert_eq!(states(&catalog), ["not_chosen", "active"]);
    let reason = catalog.entries()[0].reason().unwrap();
    assert!(reason.contains("/basic.so is chosen"), "{reason}");
    lock(&folders, &["basic-old.so"]);
    assert_eq!(states(&default_load(&folders)), ["active", "not_chosen"]);
    // A lock of the whole folder keeps what was chosen.
    lock(&folders, &[]);
    assert_eq!(states(&default_load(&folders)), ["active", "not_chosen"]);
}

#[test]
fn lock_file_chooses_among_plugins_of_one_carrier() {
    let folders = Folders::new();
    let of = |name: &str| {
        let name = format!("-DPLUGIN_NAME=\"{name}\"");
        compile("basic.c", &[&name, "-DPLUGIN_CARRIER=\"one\""])
    };
    folders.put("a.so", &of("aaa"));
    folders.put("b.so", &of("bbb"));
    let both = lock_update(folders.plugins.path(), &[]);
    assert!(matches!(both, Err(LockingError::SameCarrier { .. })));
    lock(&folders, &["bbb"]);
    assert_eq!(states(&default_load(&folders)), ["not_chosen", "active"]);
    // The other one takes its place in the lock.
    lock(&folders, &["aaa"]);
    assert_eq!(states(&default_load(&folders)), ["active", "not_chosen"]);
    let written = PluginLock::read(folders.plugins.path()).unwrap();
    assert_eq!(written.plugins.keys().collect::<Vec<_>>(), ["aaa"]);
}

#[test]
fn lock_update_says_what_it_cannot_lock() {
    let folders = Folders::new();
    let (old, new) = old_and_new();
    folders.put("1.so", &old);
    folders.put("2.so", &new);
    folders.put("junk.so", b"not a library");
    let update = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        lock_update(folders.plugins.path(), &names)
    };
    assert!(matches!(update(&[]), Err(LockingError::SameName { .. })));
    let named = update(&["basic"]);
    assert!(matches!(named, Err(LockingError::SameName { .. })));
    let unknown = update(&["usps"]);
    assert!(matches!(unknown, Err(LockingError::Unknown { .. })));
    let junk = update(&["junk.so"]);
    assert!(matches!(junk, Err(LockingError::Faulted { .. })));
    lock(&folders, &["2.so"]);
    let all = update(&[]).unwrap();
    assert!(all.changes.is_empty());
    assert_eq!(all.left_out.len(), 2, "{:?}", all.left_out);
}

#[test]
fn pinned_plugin_with_other_content_is_refused() {
    let folders = Folders::new();
    let library = build("0.1.0");
    folders.put("basic.so", &library);
    let pinned = |digest| PluginPolicy {
        pins: HashMap::from([("basic".to_owned(), digest)]),
        require_trusted: true,
        ..PluginPolicy::default()
    };
    let (right, wrong) = (digest_of(&library), digest_of(b"other"));
    let catalog = load(&folders, &pinned(right));
    assert_eq!(
        (states(&catalog), trust(&catalog)),
        (vec!["active"], vec!["pinned"])
    );
    let catalog = load(&folders, &pinned(wrong));
    let expected = PluginFault::Pin {
        name: "basic".into(),
        pinned: wrong,
        found: right,
    };
    assert_eq!(fault(&catalog.entries()[0]), &expected);
    lock(&folders, &[]);
    assert_eq!(trust(&load(&folders, &pinned(right))), ["locked"]);
    let catalog = load(&folders, &pinned(wrong));
    let contradiction = PluginFault::PinContradictsLock {
        name: "basic".into(),
        locked: right,
        pinned: wrong,
    };
    assert_eq!(fault(&catalog.entries()[0]), &contradiction);
}

#[test]
fn plugin_that_nothing_vouches_for_is_refused_where_trust_is_required() {
    let folders = Folders::new();
    folders.put("basic.so", &build("0.1.0"));
    let policy = PluginPolicy {
        require_trusted: true,
        ..PluginPolicy::default()
    };
    let catalog = load(&folders, &policy);
    let refused = fault(&catalog.entries()[0]);
    assert!(matches!(refused, PluginFault::Untrusted { .. }));
    lock(&folders, &[]);
    assert_eq!(states(&load(&folders, &policy)), ["active"]);
}

#[test]
fn signature_of_a_trusted_key_counts() {
    let folders = Folders::new();
    let file = folders.put("basic.so", &build("0.1.0"));
    let (key, stranger) = (Signer::new(1), Signer::new(2));
    let policy = PluginPolicy {
        require_trusted: true,
        ..key.policy()
    };
    stranger.sign(&file);
    assert!(matches!(
        fault(&load(&folders, &policy).entries()[0]),
        PluginFault::Untrusted { .. }
    ));
    assert_eq!(trust(&load(&folders, &key.policy())), ["none"]);
    key.sign(&file);
    let catalog = load(&folders, &policy);
    assert_eq!(states(&catalog), ["active"]);
    let expected = Trust::Signed(key.public());
    assert_eq!(catalog.entries()[0].trust(), &expected);
}

#[test]
fn signature_that_does_not_fit_is_refused() {
    let folders = Folders::new();
    let library = build("0.1.0");
    let file = folders.put("basic.so", &library);
    let key = Signer::new(1);
    key.sign(&file);
    let signature = folders.plugins.path().join("basic.so.minisig");
    let text = fs::read_to_string(&signature).unwrap();
    let refused = || {
        let catalog = load(&folders, &key.policy());
        let PluginFault::Signature(error) = fault(&catalog.entries()[0]) else {
            panic!("{:?}", catalog.entries()[0].reason());
        };
        error.clone()
    };
    let mut changed = library.clone();
    changed.push(0);
    folders.put("basic.so", &changed);
    assert!(matches!(refused(), SignatureError::OtherContent(_)));
    folders.put("basic.so", &library);
    fs::write(&signature, text.replace("made by", "made for")).unwrap();
    assert!(matches!(refused(), SignatureError::OtherContent(_)));
    fs::write(&signature, &text[..text.len() / 2]).unwrap();
    assert!(matches!(refused(), SignatureError::Malformed(_)));
    fs::set_permissions(&signature, Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(refused(), SignatureError::File(..)));
    // Without trusted keys a signature says nothing, whatever it holds.
    assert_eq!(states(&default_load(&folders)), ["active"]);
}

//! From a folder to active plugins.

use crate::support::{Carrier, Folders, SystemClock, compile, fetch, host};
use gateway_model::CarrierId;
use gateway_plugin_host::{
    Catalog, CatalogEntry, DirectoryError, EntryState, FileError, HandshakeError, InstanceOptions,
    PluginFault, PluginPolicy, PrivateCopyError, Refusal, Report, digest_of,
};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

pub(crate) fn fault(entry: &CatalogEntry) -> &PluginFault {
    match entry.state() {
        EntryState::Faulted(fault) => fault,
        EntryState::Discovered
        | EntryState::Verified(_)
        | EntryState::Active(_)
        | EntryState::NotChosen { .. } => {
            panic!("{} is {}", entry.file().display(), entry.state_name())
        }
    }
}

pub(crate) fn load(folders: &Folders, policy: &PluginPolicy) -> Catalog {
    Catalog::load(folders.plugins.path(), policy, &folders.cache(), &host()).expect("a folder")
}

pub(crate) fn states(catalog: &Catalog) -> Vec<&'static str> {
    catalog
        .entries()
        .iter()
        .map(CatalogEntry::state_name)
        .collect()
}

#[tokio::test]
async fn good_plugin_becomes_active_and_issues() {
    let folders = Folders::new();
    let file = folders.put("basic.so", &compile("basic.c", &[]));
    let catalog = load(&folders, &PluginPolicy::default());
    let carrier: CarrierId = "basic".parse().unwrap();
    let plugin = catalog.plugin(&carrier).expect("active");
    assert_eq!(plugin.path(), Some(file.as_path()));
    assert_eq!(plugin.sha256(), catalog.entries()[0].sha256());
    let instance = plugin
        .instance(InstanceOptions::new(json!({})))
        .expect("an instance");
    let issued = instance.authorize(fetch(), &Carrier::silent()).await;
    let issued = issued.expect("a credential");
    let (name, value) = &issued.headers[0];
    assert_eq!(
        (name.as_str(), value.is_sensitive()),
        ("authorization", true)
    );
    assert_eq!((issued.lifetime, issued.renew_after), (None, None));
}

/// A plugin file of the release before `authorization_server` and `operations`.
#[test]
fn plugin_with_the_manifest_of_an_older_release_is_loaded() {
    let manifest = include_str!("../museum/ups-0.1.0.json");
    let literal = manifest
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins");
    let source = format!(
        "#define MUSEUM \"{literal}\"\n#define NO_MANIFEST\n#define TABLE_MANIFEST MUSEUM\n\
         #include \"basic.c\"\nWAYBILL_MANIFEST(MUSEUM);\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("museum.c");
    fs::write(&file, source).unwrap();
    let library = compile(file.to_str().unwrap(), &["-I", here]);
    let entry = Folders::new().open(&library, &host());
    let plugin = entry
        .plugin()
        .unwrap_or_else(|| panic!("{:?}", entry.reason()));
    assert_eq!(plugin.manifest().name, "ups");
    assert!(
        plugin
            .profile()
            .api
            .is_authorization_path("/security/v1/oauth/token")
    );
}

#[test]
fn one_bad_plugin_never_stops_the_others() {
    let folders = Folders::new();
    folders.put("a.so", b"not a library");
    folders.put("b.so", &compile("basic.c", &[]));
    folders.put("c.so", &compile("basic.c", &["-DNO_MANIFEST"]));
    folders.put("notes.txt", b"not looked at");
    fs::create_dir(folders.plugins.path().join("sub.so")).unwrap();
    let catalog = load(&folders, &PluginPolicy::default());
    assert_eq!(
        states(&catalog),
        ["faulted", "active", "faulted", "faulted"]
    );
    assert_eq!(
        fault(&catalog.entries()[0]),
        &PluginFault::Refused(Refusal::NotElf)
    );
    assert_eq!(
        fault(&catalog.entries()[3]),
        &PluginFault::File(FileError::NotAFile)
    );
    assert!(
        catalog.entries()[2]
            .reason()
            .unwrap()
            .contains("export_plugin!")
    );
}

#[test]
fn verification_runs_no_code() {
    let folders = Folders::new();
    folders.put("hangs.so", &compile("hangs_on_load.c", &[]));
    let catalog = Catalog::verify(folders.plugins.path(), &PluginPolicy::default()).unwrap();
    assert_eq!(states(&catalog), ["verified"]);
    assert!(!folders.cache().exists());
}

#[test]
fn file_that_others_can_write_is_refused() {
    let folders = Folders::new();
    let file = folders.put("basic.so", &compile("basic.c", &[]));
    for mode in [0o777, 0o775, 0o666] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let catalog = load(&folders, &PluginPolicy::default());
        let expected = PluginFault::File(FileError::Writable(mode));
        assert_eq!(fault(&catalog.entries()[0]), &expected);
    }
}

#[test]
fn folder_that_others_can_write_is_refused() {
    let folders = Folders::new();
    let mode = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folders.plugins.path(), mode).unwrap();
    let result = Catalog::verify(folders.plugins.path(), &PluginPolicy::default());
    assert!(matches!(result, Err(DirectoryError::Unsafe { .. })));
    let result = Catalog::verify(Path::new("/does/not/exist"), &PluginPolicy::default());
    assert!(matches!(result, Err(DirectoryError::Unreadable { .. })));
}

#[test]
fn link_is_followed_inside_the_folder_only() {
    let folders = Folders::new();
    let elsewhere = Folders::new();
    let outside = elsewhere.put("basic.so", &compile("basic.c", &[]));
    symlink(&outside, folders.plugins.path().join("out.so")).unwrap();
    folders.put("inside.real", &compile("basic.c", &[]));
    symlink("inside.real", folders.plugins.path().join("in.so")).unwrap();
    symlink("nowhere", folders.plugins.path().join("lost.so")).unwrap();
    let catalog = load(&folders, &PluginPolicy::default());
    assert_eq!(states(&catalog), ["active", "faulted", "faulted"]);
    assert_eq!(
        fault(&catalog.entries()[2]),
        &PluginFault::File(FileError::LinkOut)
    );
}

#[test]
fn empty_and_oversized_files_are_refused() {
    let folders = Folders::new();
    folders.put("empty.so", b"");
    let large = folders.put("large.so", b"\x7fELF");
    let file = fs::OpenOptions::new().write(true).open(large).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    let catalog = load(&folders, &PluginPolicy::default());
    let faults: Vec<&PluginFault> = catalog.entries().iter().map(fault).collect();
    let expected = [FileError::Empty, FileError::TooLarge].map(PluginFault::File);
    assert_eq!(faults, expected.iter().collect::<Vec<_>>());
}

#[test]
fn strict_policy_refuses_what_is_otherwise_reported() {
    let folders = Folders::new();
    folders.put("extra.so", &compile("extra_export.c", &[]));
    let report = Report::Export("leftover".into());
    let catalog = load(&folders, &PluginPolicy::default());
    assert_eq!(states(&catalog), ["active"]);
    assert_eq!(
        catalog.entries()[0].reports(),
        std::slice::from_ref(&report)
    );
    let policy = PluginPolicy {
        strict: true,
        ..PluginPolicy::default()
    };
    let refused = load(&folders, &policy);
    let expected = PluginFault::Refused(Refusal::Strict(report));
    assert_eq!(fault(&refused.entries()[0]), &expected);
}

#[test]
fn two_files_of_one_name_or_carrier_are_both_faulted() {
    let folders = Folders::new();
    let (a, b) = ("-DPLUGIN_NAME=\"aaa\"", "-DPLUGIN_NAME=\"bbb\"");
    folders.put("1.so", &compile("basic.c", &[a]));
    folders.put("2.so", &compile("extra_export.c", &[a]));
    folders.put(
        "3.so",
        &compile("basic.c", &[b, "-DPLUGIN_CARRIER=\"one\""]),
    );
    folders.put(
        "4.so",
        &compile(
            "basic.c",
            &["-DPLUGIN_NAME=\"ccc\"", "-DPLUGIN_CARRIER=\"one\""],
        ),
    );
    folders.put("5.so", &compile("basic.c", &["-DPLUGIN_NAME=\"ddd\""]));
    let catalog = load(&folders, &PluginPolicy::default());
    assert_eq!(
        states(&catalog),
        ["faulted", "faulted", "faulted", "faulted", "active"]
    );
    assert!(matches!(
        fault(&catalog.entries()[1]),
        PluginFault::SameName { .. }
    ));
    assert!(matches!(
        fault(&catalog.entries()[2]),
        PluginFault::SameCarrier { .. }
    ));
}

#[test]
fn handshake_refuses_a_table_that_contradicts_the_file() {
    let other = "-DTABLE_MANIFEST=\"{}\"";
    let cases = [
        (other, HandshakeError::ManifestDiffers),
        ("-DTABLE_MAGIC=1", HandshakeError::Magic),
        ("-DTABLE_MAJOR=2", HandshakeError::AbiMajor { plugin: 2 }),
        (
            "-DTABLE_REQUIRES=3",
            HandshakeError::AbiMinor { requires: 3 },
        ),
        ("-DTABLE_CAPABILITIES=0", HandshakeError::NoToken),
        ("-DTABLE_CAPABILITIES=3", HandshakeError::Function("sign")),
        (
            "-DTABLE_CAPABILITIES=5",
            HandshakeError::Function("authorize_url"),
        ),
        (
            "-DNO_INSTANCE_FREE",
            HandshakeError::Function("instance_free"),
        ),
        ("-DDECLINE", HandshakeError::Declined),
    ];
    for (option, expected) in cases {
        let folders = Folders::new();
        let entry = folders.open(&compile("basic.c", &[option]), &host());
        assert_eq!(fault(&entry), &PluginFault::Handshake(expected), "{option}");
    }
    let folders = Folders::new();
    let entry = folders.open(&compile("basic.c", &["-DTABLE_SIZE=32"]), &host());
    let short = matches!(
        fault(&entry),
        PluginFault::Handshake(HandshakeError::Table(_))
    );
    assert!(short, "{:?}", entry.reason());
}

#[test]
fn missing_import_is_the_loaders_refusal() {
    let folders = Folders::new();
    let library = compile("missing_import.c", &[]);
    assert!(matches!(
        fault(&folders.open(&library, &host())),
        PluginFault::Load(_)
    ));
}

#[tokio::test]
async fn overwriting_the_operators_file_does_not_crash_the_loaded_plugin() {
    // What is mapped is a private copy.
    let folders = Folders::new();
    let library = compile("basic.c", &[]);
    let entry = folders.open(&library, &host());
    let plugin = entry.plugin().expect("active").clone();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(entry.file())
        .unwrap();
    file.set_len(0).unwrap();
    let instance = plugin.instance(InstanceOptions::new(json!({}))).unwrap();
    assert!(
        instance
            .authorize(fetch(), &Carrier::silent())
            .await
            .is_ok()
    );
}

#[test]
fn cache_is_private_and_repaired() {
    let folders = Folders::new();
    let library = compile("basic.c", &["-DPLUGIN_NAME=\"cached\""]);
    assert!(folders.open(&library, &host()).plugin().is_some());
    let copy = folders.cache().join(format!("{}.so", digest_of(&library)));
    assert_eq!(
        fs::metadata(folders.cache()).unwrap().permissions().mode() & 0o777,
        0o700
    );
    // Somebody put another file there (not in place: the old one is mapped).
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, b"garbage").unwrap();
    assert!(folders.open(&library, &host()).plugin().is_some());
    assert_eq!(fs::read(&copy).unwrap(), library);
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folders.cache(), mode).unwrap();
    let entry = folders.open(&library, &host());
    let open = matches!(
        fault(&entry),
        PluginFault::PrivateCopy(PrivateCopyError::NotPrivate(_))
    );
    assert!(open, "{:?}", entry.reason());
}

#[test]
fn plugin_that_hangs_while_it_is_loaded_is_given_up() {
    // `hangs_on_load` would keep the loader's lock for ever, so only the entry point hangs here.
    let folders = Folders::new();
    folders.put("a.so", &compile("hangs_on_entry.c", &[]));
    folders.put("b.so", &compile("basic.c", &["-DPLUGIN_NAME=\"other\""]));
    let catalog = Catalog::load(
        folders.plugins.path(),
        &PluginPolicy::default(),
        &folders.cache(),
        &gateway_plugin_host::Host::new(std::sync::Arc::new(SystemClock)),
    );
    let catalog = catalog.unwrap();
    assert_eq!(states(&catalog), ["faulted", "active"]);
    assert!(matches!(fault(&catalog.entries()[0]), PluginFault::Lost(_)));
}

//! Plugins that are replaced while others, and operations that began before, go on.

use crate::support::{Carrier, Folders, compile, eventually, fetch, host, worker_host};
use gateway_model::{CarrierId, Clock, Isolation, IsolationPolicy};
use gateway_plugin_host::{
    CatalogEntry, EntryState, Host, Instance, InstanceOptions, Plugin, PluginPolicy, Registry,
    Reload, ReloadError, Replacement,
};
use serde_json::json;
use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

fn registry(folders: &Folders) -> Registry {
    let (dir, policy) = (folders.plugins.path().to_owned(), PluginPolicy::default());
    Registry::load(dir, policy, folders.cache(), host()).expect("a folder")
}

/// The plugin `basic` in a version.
fn build(version: &str) -> Vec<u8> {
    compile("basic.c", &[&format!("-DPLUGIN_VERSION=\"{version}\"")])
}

fn basic() -> CarrierId {
    "basic".parse().unwrap()
}

fn version(registry: &Registry) -> String {
    let plugin = registry.plugin(&basic()).expect("active");
    plugin.manifest().version.clone()
}

#[track_caller]
fn ready(reload: Result<Reload, ReloadError>) -> Replacement {
    match reload.unwrap() {
        Reload::Ready(replacement) => replacement,
        Reload::Unchanged(entry) => panic!("{} is unchanged", entry.file().display()),
    }
}

/// A trial that finds nothing.
fn fine(_: &Plugin) -> Result<(), String> {
    Ok(())
}

async fn issues(instance: &Instance) {
    let issued = instance.authorize(fetch(), &Carrier::silent()).await;
    assert!(issued.is_ok(), "{issued:?}");
}

#[tokio::test]
async fn replacement_serves_and_old_instances_go_on() {
    let folders = Folders::new();
    folders.put("basic.so", &build("0.1.0"));
    let registry = registry(&folders);
    let options = || InstanceOptions::new(json!({}));
    let old = registry
        .plugin(&basic())
        .unwrap()
        .instance(options())
        .unwrap();
    let unchanged = registry.reload("basic", &fine).unwrap();
    assert!(matches!(unchanged, Reload::Unchanged(_)));
    folders.put("basic.so", &build("0.2.0"));
    let replacement = ready(registry.reload("basic", &fine));
    // Loaded and not yet in use.
    assert_eq!(version(&registry), "0.1.0");
    registry.replace(replacement);
    assert_eq!(version(&registry), "0.2.0");
    let new = registry
        .plugin(&basic())
        .unwrap()
        .instance(options())
        .unwrap();
    issues(&old).await;
    issues(&new).await;
    let back = registry.roll_back("basic").unwrap();
    registry.replace(back);
    assert_eq!(version(&registry), "0.1.0");
    assert_eq!(registry.entries().len(), 1);
    // And forth again.
    let previous = registry.previous("basic").unwrap();
    assert_eq!(previous.manifest().unwrap().version, "0.2.0");
}

/// A clock for which every file of a test is old.
struct Ahead;

impl Clock for Ahead {
    #[expect(clippy::disallowed_methods, reason = "the clock of this test")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of this test")]
    fn wall(&self) -> SystemTime {
        SystemTime::now() + Duration::from_secs(3600)
    }
}

#[test]
fn look_at_the_folder_reads_only_what_has_changed() {
    let folders = Folders::new();
    let file = folders.put("basic.so", &build("0.1.0"));
    let (dir, policy) = (folders.plugins.path().to_owned(), PluginPolicy::default());
    let ahead = Host::new(Arc::new(Ahead));
    let registry = Registry::load(dir, policy, folders.cache(), ahead).expect("a folder");
    let look = || registry.present().expect("a folder");
    let versions = |found: &[CatalogEntry]| -> Vec<String> {
        let manifests = found.iter().filter_map(CatalogEntry::manifest);
        manifests.map(|it| it.version.clone()).collect()
    };
    let first = look();
    assert_eq!(versions(&first), ["0.1.0"]);
    assert!(Arc::ptr_eq(&first, &look()), "nothing was read again");
    // As long as before, in its place, as `cp` does it.
    let other = build("0.1.1");
    assert_eq!(other.len(), build("0.1.0").len());
    fs::write(&file, &other).unwrap();
    let second = look();
    assert_eq!(versions(&second), ["0.1.1"]);
    assert_ne!(first[0].sha256(), second[0].sha256());
    // What a look let go of is read again for the load.
    registry.replace(ready(registry.reload("basic", &fine)));
    assert_eq!(version(&registry), "0.1.1");
    fs::remove_file(&file).unwrap();
    assert_eq!(look().len(), 0);
}

/// In this process, whose end would be the test's.
#[test]
fn library_whose_load_ends_a_process_is_refused_in_a_process_of_its_own() {
    let folders = Folders::new();
    let bad = |flags: &[&str]| folders.put("bad.so", &compile("bad.c", flags));
    bad(&[]);
    let policy = PluginPolicy {
        isolation: IsolationPolicy {
            default: Some(Isolation::InProcess),
            ..IsolationPolicy::default()
        },
        ..PluginPolicy::default()
    };
    let dir = folders.plugins.path().to_owned();
    let registry = Registry::load(dir, policy, folders.cache(), worker_host()).expect("a folder");
    let sha256 = || registry.active("bad").expect("active").sha256();
    let before = sha256();
    for (mode, why) in [
        ("exit", "it ended with exit code 0"),
        ("abort", "signal SIGABRT ended it"),
        ("wild", "signal SIGSEGV ended it"),
    ] {
        bad(&[&format!("-DAT_LOAD=\"{mode}\"")]);
        let refused = registry.reload("bad", &fine).expect_err(mode).to_string();
        assert!(refused.contains(why), "{mode}: {refused}");
    }
    assert_eq!(sha256(), before);
    bad(&["-DAT_LOAD=\"fine\""]);
    registry.replace(ready(registry.reload("bad", &fine)));
    assert_ne!(sha256(), before);
}

#[test]
fn file_that_cannot_be_loaded_replaces_nothing() {
    let folders = Folders::new();
    let file = folders.put("basic.so", &build("0.1.0"));
    folders.put(
        "other.so",
        &compile("basic.c", &["-DPLUGIN_NAME=\"other\""]),
    );
    let registry = registry(&folders);
    assert!(matches!(
        registry.roll_back("basic"),
        Err(ReloadError::NoPrevious(_))
    ));
    assert!(matches!(
        registry.reload("nobody", &fine),
        Err(ReloadError::Unknown(_))
    ));
    for content in [
        b"not a library".to_vec(),
        compile("basic.c", &["-DDECLINE"]),
        compile("basic.c", &["-DTABLE_MAGIC=1"]),
        compile("missing_import.c", &["-DPLUGIN_NAME=\"basic\""]),
    ] {
        fs::write(&file, &content).unwrap();
        let refused = registry.reload("basic", &fine);
        assert!(
            matches!(refused, Err(ReloadError::Refused { .. })),
            "{refused:?}"
        );
    }
    fs::remove_file(&file).unwrap();
    assert!(matches!(
        registry.reload("basic", &fine),
        Err(ReloadError::Unknown(_))
    ));
    assert_eq!(version(&registry), "0.1.0");
    let active = |entry: &Arc<CatalogEntry>| matches!(entry.state(), EntryState::Active(_));
    assert!(registry.entries().iter().all(active));
}

#[test]
fn process_loads_a_limited_number_of_contents() {
    let folders = Folders::new();
    let library = build("0.1.0");
    folders.put("basic.so", &library);
    let registry = registry(&folders);
    let mut next = library.clone();
    let mut loaded = 1;
    let error = loop {
        next.push(0);
        folders.put("basic.so", &next);
        match registry.reload("basic", &fine) {
            Ok(Reload::Ready(replacement)) => drop(registry.replace(replacement)),
            Ok(Reload::Unchanged(_)) => panic!("its content is new"),
            Err(error) => break error,
        }
        loaded += 1;
    };
    assert!(matches!(error, ReloadError::TooMany), "{error}");
    assert_eq!(loaded, 64);
    // A content that is mapped already costs nothing.
    folders.put("basic.so", &library);
    registry.replace(ready(registry.reload("basic", &fine)));
}

#[test]
fn last_manifest_stands_in_for_a_plugin_that_is_not_there() {
    let folders = Folders::new();
    let file = folders.put("basic.so", &build("0.1.0"));
    let before = registry(&folders);
    let kept = before.manifests();
    let active = before.known(&basic()).unwrap();
    fs::write(&file, b"not a library").unwrap();
    let after = registry(&folders);
    assert!(after.plugin(&basic()).is_none());
    assert!(after.known(&basic()).is_none());
    after.remember(&kept[0]).unwrap();
    let known = after.known(&basic()).unwrap();
    assert_eq!(known.profile.origins, active.profile.origins);
    assert_eq!((&known.slots, known.signs), (&active.slots, active.signs));
    let faults = after.faults(&basic());
    assert!(faults[0].contains("ELF"), "{faults:?}");
    // The mended file takes the place of the damaged one.
    fs::write(&file, build("0.1.0")).unwrap();
    after.replace(ready(after.reload("basic", &fine)));
    assert_eq!(after.entries().len(), 1);
    assert!(after.faults(&basic()).is_empty());
}

#[tokio::test]
async fn plugin_that_hung_is_replaced_by_another_content() {
    let folders = Folders::new();
    folders.put("modes.so", &compile("modes.c", &[]));
    let registry = registry(&folders);
    let carrier: CarrierId = "modes".parse().unwrap();
    let plugin = registry.plugin(&carrier).unwrap();
    let instance = plugin.instance(InstanceOptions::new(json!({"mode": "fatal"})));
    if let Ok(instance) = instance {
        let ended = instance.authorize(fetch(), &Carrier::friendly()).await;
        assert!(ended.is_err(), "{ended:?}");
    }
    eventually("the plugin is given up", || plugin.ready().is_err()).await;
    let mut other = compile("modes.c", &[]);
    other.push(0);
    folders.put("modes.so", &other);
    registry.replace(ready(registry.reload("modes", &fine)));
    assert!(registry.plugin(&carrier).unwrap().ready().is_ok());
    // The one before may not be called any more.
    assert!(matches!(
        registry.roll_back("modes"),
        Err(ReloadError::PreviousLost(_))
    ));
}

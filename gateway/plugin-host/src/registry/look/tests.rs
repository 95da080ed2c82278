use super::*;
use std::{
    cell::Cell,
    fs::{File, FileTimes},
    os::unix::fs::symlink,
};
use tempfile::TempDir;

/// A folder, and how often it was read.
struct Watched {
    folder: TempDir,
    last: LastLook,
    reads: Cell<u32>,
    now: SystemTime,
}

impl Watched {
    /// A folder that nobody changes at the moment of a look.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = written_at(folder.path()) + Duration::from_secs(60);
        let watched = Self {
            folder,
            last: LastLook::default(),
            reads: Cell::new(0),
            now,
        };
        watched.write("one.so", "first");
        watched.write("notes.txt", "");
        watched
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("the folder is ours");
    }

    /// Waits for the next tick of the file system's clock: `now` says that the last change is long ago.
    fn tick(&self) {
        let notes = self.path("notes.txt");
        let before = written_at(&notes);
        while written_at(&notes) == before {
            self.write("notes.txt", "");
        }
    }

    /// Whether a look reads the files.
    fn reads(&self) -> bool {
        self.reads_at(self.now)
    }

    fn reads_at(&self, now: SystemTime) -> bool {
        let before = self.reads.get();
        let verify = || {
            self.reads.set(before + 1);
            Ok(Vec::new())
        };
        let looked = self.last.look(self.folder.path(), now, verify);
        looked.expect("a folder");
        self.reads.get() > before
    }
}

fn written_at(path: &Path) -> SystemTime {
    let written = fs::metadata(path).and_then(|it| it.modified());
    written.expect("the system knows it")
}

#[test]
fn folder_that_did_not_change_is_read_once() {
    let watched = Watched::new();
    assert!(watched.reads());
    assert!(!watched.reads());
    // What decides about no plugin, and changes no name in the folder.
    watched.write("notes.txt", "something");
    assert!(!watched.reads());
}

#[test]
fn every_change_of_the_folder_is_noticed() {
    let watched = Watched::new();
    let times = |path: &Path| {
        let written = written_at(path);
        FileTimes::new().set_modified(written).set_accessed(written)
    };
    let changes: &[(&str, &dyn Fn())] = &[
        (
            "in its place, as long as before, with the old time",
            &|| {
                let path = watched.path("one.so");
                let before = times(&path);
                watched.write("one.so", "other");
                let file = File::options().write(true).open(path);
                file.and_then(|it| it.set_times(before)).expect("ours");
            },
        ),
        ("another file with its name", &|| {
            watched.write("new", "third");
            fs::rename(watched.path("new"), watched.path("one.so")).expect("ours");
        }),
        ("a new file", &|| watched.write("two.so", "second")),
        ("a signature", &|| watched.write("two.so.minisig", "s")),
        ("another signature", &|| {
            watched.write("two.so.minisig", "t")
        }),
        ("a lock file", &|| watched.write(LOCK_FILE, "")),
        ("another lock file", &|| watched.write(LOCK_FILE, "x")),
        ("a link", &|| {
            symlink("one.so", watched.path("three.so")).expect("ours");
        }),
        ("a link to another file", &|| {
            fs::remove_file(watched.path("three.so")).expect("ours");
            symlink("two.so", watched.path("three.so")).expect("ours");
        }),
        ("the mode", &|| {
            let file = File::open(watched.path("one.so")).expect("ours");
            let mut mode = file.metadata().expect("ours").permissions();
            mode.set_readonly(true);
            file.set_permissions(mode).expect("ours");
        }),
        ("a file less", &|| {
            fs::remove_file(watched.path("two.so.minisig")).expect("ours");
        }),
    ];
    watched.reads();
    for (what, change) in changes {
        assert!(!watched.reads(), "before: {what}");
        watched.tick();
        change();
        assert!(watched.reads(), "{what}");
    }
}

/// It may change again within the same tick.
#[test]
fn file_that_has_just_changed_is_read_again() {
    let watched = Watched::new();
    let written = written_at(&watched.path("one.so"));
    let later = |seconds| written + Duration::from_secs(seconds);
    for seconds in [0, 1, 2] {
        assert!(watched.reads_at(later(seconds)), "{seconds}");
    }
    // Or its clock is ahead of this machine's.
    assert!(watched.reads_at(SystemTime::UNIX_EPOCH));
    assert!(watched.reads_at(later(5)));
    assert!(!watched.reads_at(later(5)));
}

#[test]
fn folder_that_is_gone_is_an_error_and_is_found_again() {
    let watched = Watched::new();
    watched.reads();
    let path = watched.folder.path();
    let away = path.with_extension("away");
    fs::rename(path, &away).expect("ours");
    let gone = || {
        Err(DirectoryError::Unreadable {
            path: path.to_owned(),
            error: io::ErrorKind::NotFound.into(),
        })
    };
    assert!(watched.last.look(path, watched.now, gone).is_err());
    fs::rename(&away, path).expect("ours");
    assert!(watched.reads());
}

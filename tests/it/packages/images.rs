//! The container images, started as an engine starts them: from their own root, read-only, without privileges.

use super::{find, has, packages};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{Client, Process, run_command, skipped};

/// Starts the image's program in namespaces of its own. If there is a check, it runs until it succeeds, and the program
/// ends with it.
const ENGINE: &str = r#"
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
if [ -d "$ROOT$STATE" ]; then mount -t tmpfs -o "uid=$USER_ID,gid=$USER_ID,mode=0700" state "$ROOT$STATE"; fi
cd "$ROOT"
run() { setpriv --no-new-privs chroot --userspec="$USER_ID:$USER_ID" "$ROOT" "$@"; }
if [ -z "$CHECK" ]; then run $PROGRAM; exit; fi
run $PROGRAM >&2 &
for attempt in $(seq 100); do
    if run $CHECK; then exit 0; fi
    kill -0 $! || exit 1
    sleep 0.1
done
exit 1
"#;

/// An unpacked image: its root, and how its programs are started.
struct Image {
    folder: tempfile::TempDir,
    config: Value,
}

impl Image {
    async fn unpack(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("the test owns the folder");
        let image = find(packages().await, &format!("{name}-"), "-image.tar");
        let (layout, root) = (folder.path().join("layout"), folder.path().join("root"));
        untar(&image, &layout).await;
        for blob in fs::read_dir(layout.join("blobs/sha256")).expect("the test owns the folder") {
            let blob = blob.expect("the test owns the folder").path();
            let digest = Sha256::digest(fs::read(&blob).expect("the test owns the folder"));
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(blob.ends_with(digest), "{}", blob.display());
        }
        let index = json(&layout.join("manifest.json"));
        let file = |value: &Value| layout.join(value.as_str().expect("the image has it"));
        untar(&file(&index[0]["Layers"][0]), &root).await;
        let config = json(&file(&index[0]["Config"]))["config"].take();
        Self { folder, config }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn words(&self, key: &str) -> String {
        let words = self.config[key]
            .as_array()
            .expect("the image has it")
            .iter();
        words
            .map(|word| word.as_str().expect("the image has it"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Starts it, and runs the check.
    fn command(&self, arguments: &str, check: &str) -> Command {
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-e",
            "-c",
            ENGINE,
        ]);
        let user = self.config["User"]
            .as_str()
            .expect("the image has it")
            .split(':')
            .next()
            .expect("the image has it");
        let program = format!("{} {arguments}", self.words("Entrypoint"));
        command.env_clear();
        for variable in self.config["Env"].as_array().expect("the image has it") {
            let (name, value) = variable
                .as_str()
                .expect("the image has it")
                .split_once('=')
                .expect("the image has it");
            command.env(name, value);
        }
        command
            // The engine's own tools are outside the image.
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("ROOT", self.root())
            .env("STATE", "/var/lib/waybill")
            .env("USER_ID", user)
            .env("PROGRAM", program)
            .env("CHECK", check);
        command
    }
}

async fn untar(archive: &Path, folder: &Path) {
    fs::create_dir_all(folder).expect("the test owns the folder");
    let mut tar = Command::new("tar");
    tar.args([
        "--extract",
        "--preserve-permissions",
        "--numeric-owner",
        "--file",
    ]);
    tar.arg(archive).arg("--directory").arg(folder);
    let done = run_command(tar).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).expect("the test owns the folder"))
        .expect("the test owns the folder")
}

/// An address that no other test of this run uses.
fn address(port: u16) -> String {
    format!("127.32.{}.1:{port}", std::process::id() % 250 + 1)
}

fn is_possible(what: &str) -> bool {
    let is_root = fs::metadata("/proc/self").expect("Linux has it").uid() == 0;
    let works = is_root && {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--pid", "--fork", "true"]);
        unshare.status().is_ok_and(|status| status.success())
    };
    if !works {
        skipped(what, "this process may not make namespaces");
    }
    works
}

#[tokio::test]
async fn gateway_serves_from_its_read_only_image() {
    if !is_possible("the image of the gateway") {
        return;
    }
    let image = Image::unpack("waybill").await;
    assert!(
        !image.root().join("bin/sh").exists(),
        "an image needs no shell"
    );
    assert_eq!(image.words("Cmd"), "serve");
    let observability = image.root().join("usr/share/waybill/observability");
    assert!(observability.join("alerts.yml").exists());
    assert!(observability.join("dashboard.json").exists());
    let check = image.config["Healthcheck"]["Test"]
        .as_array()
        .expect("the image has it");
    let check: Vec<&str> = check[1..]
        .iter()
        .map(|word| word.as_str().expect("the image has it"))
        .collect();
    let mut command = image.command(&image.words("Cmd"), &check.join(" "));
    command.env("WAYBILL_LISTEN_APPS", address(8080));
    command.env("WAYBILL_LISTEN_ADMIN", address(8081));
    let done = run_command(command).await;
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
}

#[tokio::test]
async fn mock_answers_from_its_read_only_image() {
    if !is_possible("the image of the mock") {
        return;
    }
    let image = Image::unpack("mock-ups").await;
    assert_eq!(image.words("Cmd"), "--listen 0.0.0.0:8099");
    let mut command = image.command("--listen 127.0.0.1:0", "");
    let mut mock = Process::spawn(&mut command, image.folder);
    let address = mock
        .line("listening on http://")
        .await
        .parse()
        .expect("the image has it");
    let answer = Client::new(address).get("/__mock/clock").await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

#[tokio::test]
async fn images_are_what_skopeo_reads() {
    if !has("skopeo") {
        return skipped("skopeo", "it is not installed");
    }
    for name in ["waybill", "mock-ups"] {
        let image = find(packages().await, &format!("{name}-"), "-image.tar");
        let mut inspect = Command::new("skopeo");
        inspect
            .args(["inspect", "--config"])
            .arg(format!("oci-archive:{}", image.display()));
        let done = run_command(inspect).await;
        assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
        let config: Value = serde_json::from_str(&done.stdout).expect("the image has it");
        assert_eq!(config["config"]["User"], "65532:65532");
    }
}

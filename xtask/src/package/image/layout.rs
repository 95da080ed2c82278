//! An image as a file: the layout of the Open Container Initiative (OCI) as a tar archive, with the index of
//! `docker save` beside it, so that each engine can load it.

use crate::package::{checksums::hex, pack, release::Release, tree::Tree};
use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(super) struct Image {
    pub(super) name: &'static str,
    pub(super) tree: Tree,
    /// How a container is started.
    pub(super) config: Value,
}

/// The name of the file, and its content.
pub(super) fn make(image: &Image, release: &Release) -> Result<(String, Vec<u8>)> {
    let mut layout = Tree::default();
    let tar = pack::tar(&image.tree, "", release.time)?;
    let contents = hex(&Sha256::digest(&tar));
    let layer = pack::gzip(&tar, release.compression)?;
    let layer = blob(
        &mut layout,
        "application/vnd.oci.image.layer.v1.tar+gzip",
        layer,
    );
    let created = jiff::Timestamp::from_second(release.time.try_into()?)?.to_string();
    let config = json!({
        "created": created, "architecture": release.needs.machine.debian, "os": "linux",
        "config": image.config,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{contents}")] },
        "history": [{ "created": created, "created_by": "cargo xtask package image" }],
    });
    let config = blob(
        &mut layout,
        "application/vnd.oci.image.config.v1+json",
        serde_json::to_vec(&config)?,
    );
    let tag = format!("{}:{}", image.name, release.version);
    let index = json!([{ "Config": config.path, "RepoTags": [tag], "Layers": [layer.path] }]);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": config.descriptor, "layers": [layer.descriptor],
        "annotations": {
            "org.opencontainers.image.title": image.name,
            "org.opencontainers.image.version": release.version,
            "org.opencontainers.image.licenses": "Apache-2.0 OR MIT",
        },
    });
    let mut manifest = blob(&mut layout, MANIFEST, serde_json::to_vec(&manifest)?).descriptor;
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    let oci = json!({ "schemaVersion": 2, "manifests": [manifest] });
    for (name, document) in [
        ("oci-layout", &json!({ "imageLayoutVersion": "1.0.0" })),
        ("index.json", &oci),
        ("manifest.json", &index),
    ] {
        layout.file(name, 0o644, serde_json::to_vec(document)?);
    }
    let machine = release.needs.machine.debian;
    let name = format!("{}-{}-{machine}-image.tar", image.name, release.version);
    Ok((name, pack::tar(&layout, "", release.time)?))
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

struct Blob {
    path: String,
    descriptor: Value,
}

/// Puts a blob under its digest.
fn blob(layout: &mut Tree, kind: &str, content: Vec<u8>) -> Blob {
    let digest = hex(&Sha256::digest(&content));
    let path = format!("blobs/sha256/{digest}");
    let descriptor =
        json!({ "mediaType": kind, "digest": format!("sha256:{digest}"), "size": content.len() });
    layout.file(&path, 0o644, content);
    Blob { path, descriptor }
}

//! The oracle of the inspector: hostile bytes end in a refusal or in a report that the bytes support, never in a
//! panic.

use gateway_plugin_host::{Manifest, inspect};

pub(crate) fn check(bytes: &[u8]) {
    let Ok(inspection) = inspect(bytes) else {
        return;
    };
    let manifest = &inspection.manifest_bytes;
    assert!(
        bytes.windows(manifest.len()).any(|part| part == manifest),
        "the manifest is not in the file"
    );
    let parsed = Manifest::parse(manifest).expect("it was parsed before");
    assert_eq!(parsed.name, inspection.manifest.name);
    // What is accepted can be used: the catalog asks for both right after the inspection.
    parsed.profile().expect("the inspector checks it");
    parsed.diagnosis().expect("the inspector checks it");
}

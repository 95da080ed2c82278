//! Bills of materials in the format of CycloneDX: which crates each program consists of.

use super::release::Release;
use crate::cargo;
use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The package of a program, and the name of what users install.
const PROGRAMS: [(&str, &str); 2] = [("gateway", "waybill"), ("mock-ups", "mock-ups")];

pub(super) fn make(release: &Release) -> Result<Vec<(String, Vec<u8>)>> {
    let metadata = MetadataCommand::new()
        .current_dir(cargo::root())
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .context("cargo cannot read the graph of dependencies")?;
    let bills = PROGRAMS.iter().map(|(package, name)| {
        let bill = bill(&metadata, package, name, release)?;
        let text = serde_json::to_vec_pretty(&bill)?;
        Ok((format!("{name}-{}.cdx.json", release.version), text))
    });
    bills.collect()
}

fn bill(metadata: &Metadata, package: &str, name: &str, release: &Release) -> Result<Value> {
    let graph = graph(metadata)?;
    let members = metadata.workspace_packages().into_iter();
    let root = members
        .filter(|member| member.name.as_str() == package)
        .map(|member| &member.id)
        .next()
        .with_context(|| format!("the workspace has no package {package}"))?;
    let mut parts = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        if parts.insert(id) {
            waiting.extend(graph.get(id).into_iter().flatten());
        }
    }
    let mut components: Vec<Value> = Vec::new();
    let mut dependencies: Vec<Value> = Vec::new();
    for part in metadata
        .packages
        .iter()
        .filter(|part| parts.contains(&part.id))
    {
        let reference = reference(metadata, &part.id);
        let on = graph.get(&part.id).into_iter().flatten();
        let on: BTreeSet<String> = on.map(|id| self::reference(metadata, id)).collect();
        dependencies.push(json!({ "ref": reference, "dependsOn": on }));
        if part.id != *root {
            components.push(json!({
                "type": "library", "bom-ref": reference, "purl": reference, "name": part.name,
                "version": part.version,
                "licenses": part.license.iter().map(|license| json!({ "expression": license })).collect::<Vec<_>>(),
            }));
        }
    }
    for list in [&mut components, &mut dependencies] {
        list.sort_by_key(Value::to_string);
    }
    let time = jiff::Timestamp::from_second(release.time.try_into()?)?;
    Ok(json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": time.to_string(),
            "component": {
                "type": "application", "bom-ref": reference(metadata, root), "name": name, "version": release.version,
            },
        },
        "components": components, "dependencies": dependencies,
    }))
}

/// What each package is built from; what only its tests need is left out.
fn graph(metadata: &Metadata) -> Result<BTreeMap<&PackageId, Vec<&PackageId>>> {
    let resolve = metadata
        .resolve
        .as_ref()
        .context("cargo resolved nothing")?;
    let edges = resolve.nodes.iter().map(|node| {
        let on = node.deps.iter().filter(|on| {
            let kinds = on.dep_kinds.iter();
            kinds
                .map(|kind| kind.kind)
                .any(|kind| kind != DependencyKind::Development)
        });
        (&node.id, on.map(|on| &on.pkg).collect())
    });
    Ok(edges.collect())
}

/// The package URL: without a path of this machine, as the identifier of cargo has it.
fn reference(metadata: &Metadata, id: &PackageId) -> String {
    let package = &metadata[id];
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

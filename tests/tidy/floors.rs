//! The floors inside crates: imports run downwards, and files do not import each other in circles.

mod houses;
mod imports;

use super::{assert_none, files};
use houses::HOUSES;
use imports::{Imports, Module, imports, name};
use std::collections::{BTreeMap, BTreeSet};

/// The largest circle of files that import each other.
const CIRCLE: usize = 3;

#[test]
fn imports_run_downwards() {
    let mut offences = Vec::new();
    for house in HOUSES.iter().filter(|house| !house.floors.is_empty()) {
        let floor = |module: &Module| {
            let top = module.first().map_or("lib", String::as_str);
            house.floors.iter().position(|floor| floor.contains(&top))
        };
        for (from, targets) in imports(house.source) {
            let Some(here) = floor(&from) else {
                offences.push(format!("{}: {} has no floor", house.source, name(&from)));
                continue;
            };
            let climbs = targets
                .iter()
                .filter(|to| floor(to).is_some_and(|at| at < here));
            offences.extend(climbs.map(|to| {
                let (from, to) = (name(&from), name(to));
                format!("{}: {from} imports {to}, which is above it", house.source)
            }));
        }
    }
    assert_none("floors", &offences);
}

/// Crates without floors, of which there may be many.
fn others() -> Vec<String> {
    let roots = files("/src/lib.rs").into_iter().map(|(path, _)| path);
    let others = roots.filter(|path| !path.starts_with("gateway/"));
    others.map(|path| path.replace("/lib.rs", "")).collect()
}

#[test]
fn no_large_circle_of_imports() {
    let mut offences = Vec::new();
    let houses = HOUSES.iter().map(|house| house.source.to_owned());
    for source in houses.chain(others()) {
        for circle in circles(&imports(&source)) {
            let names: Vec<String> = circle.iter().map(name).collect();
            offences.push(format!("{source}: {}", names.join(", ")));
        }
    }
    assert_none("circles of imports", &offences);
}

/// Sets of more than [`CIRCLE`] modules of which each leads to each.
fn circles(imports: &Imports) -> Vec<BTreeSet<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = (imports.keys())
        .map(|from| (from, reach(imports, from)))
        .collect();
    let mut found: BTreeSet<BTreeSet<Module>> = BTreeSet::new();
    for (from, to) in &reached {
        let back = |other: &&&Module| reached.get(*other).is_some_and(|to| to.contains(from));
        let circle: BTreeSet<Module> = to.iter().filter(back).map(|it| (*it).clone()).collect();
        if circle.len() > CIRCLE {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reach<'a>(imports: &'a Imports, from: &Module) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Module> = imports[from].iter().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(&imports[module]);
        }
    }
    seen
}

//! Which of the inspected files may be loaded: what vouches for them, and which of several files of one
//! plugin or carrier is meant.

use super::entry::{CatalogEntry, PluginFault, VerifiedFile};
use crate::{LockedPlugin, PluginLock, Refusal, Trust, signature};
use gateway_model::{CarrierId, Digest, PluginPolicy};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

/// Applies the lock file and the policy to the files that passed the inspection.
pub(super) fn choose(entries: &mut [CatalogEntry], policy: &PluginPolicy, lock: &PluginLock) {
    // In this order: a file that another one was chosen before has nothing to explain.
    hold_to_contents(entries, policy, lock);
    for entry in entries.iter_mut() {
        if let Err(fault) = check_policy(entry, policy) {
            entry.fault(fault);
        }
    }
    let name = |file: &VerifiedFile| file.inspection.manifest.name.clone();
    refuse_doubled(entries, name, |name, other| PluginFault::SameName {
        name: name.clone(),
        other,
    });
    choose_for_carriers(entries);
    let carrier = |file: &VerifiedFile| file.inspection.manifest.carrier.clone();
    refuse_doubled(entries, carrier, |carrier, other| {
        PluginFault::SameCarrier {
            carrier: carrier.clone(),
            other,
        }
    });
    for entry in entries.iter_mut() {
        choose_process(entry, policy);
    }
}

/// A plugin whose content nothing vouches for must not be able to take the gateway with it.
fn choose_process(entry: &mut CatalogEntry, policy: &PluginPolicy) {
    if let Some(file) = entry.verified() {
        let name = &file.inspection.manifest.name;
        let trusted = entry.trust().is_given();
        entry.set_isolation(policy.isolation.choose(name, trusted));
    }
}

/// The plugins of the lock that no file is, not even one with another content.
pub(super) fn missing(entries: &[CatalogEntry], lock: PluginLock) -> Vec<(String, LockedPlugin)> {
    let mut locked = lock.plugins;
    locked.retain(|name, _| {
        let names = entries.iter().filter_map(CatalogEntry::manifest);
        !names.map(|manifest| &manifest.name).any(|one| one == name)
    });
    locked.into_iter().collect()
}

/// The content that a plugin must have, and who says so.
#[derive(Clone, Copy)]
enum Demand {
    Pinned(Digest),
    Locked(Digest),
    Contradiction { locked: Digest, pinned: Digest },
}

impl Demand {
    fn of(name: &str, policy: &PluginPolicy, lock: &PluginLock) -> Option<Self> {
        let locked = lock.plugins.get(name).map(|locked| locked.sha256);
        match (locked, policy.pins.get(name).copied()) {
            (None, None) => None,
            (None, Some(pinned)) => Some(Self::Pinned(pinned)),
            (Some(locked), Some(pinned)) if pinned != locked => {
                Some(Self::Contradiction { locked, pinned })
            }
            (Some(locked), _) => Some(Self::Locked(locked)),
        }
    }

    /// What vouches for this content; otherwise what is wrong with it.
    fn judge(self, name: &str, found: Digest) -> Result<Trust, PluginFault> {
        let name = name.to_owned();
        match self {
            Self::Pinned(pinned) if pinned == found => Ok(Trust::Pinned),
            Self::Locked(locked) if locked == found => Ok(Trust::Locked),
            Self::Pinned(pinned) => Err(PluginFault::Pin {
                name,
                pinned,
                found,
            }),
            Self::Locked(locked) => Err(PluginFault::Locked {
                name,
                locked,
                found,
            }),
            Self::Contradiction { locked, pinned } => Err(PluginFault::PinContradictsLock {
                name,
                locked,
                pinned,
            }),
        }
    }
}

/// Of each plugin that is locked or pinned, the first file with that content is chosen.
fn hold_to_contents(entries: &mut [CatalogEntry], policy: &PluginPolicy, lock: &PluginLock) {
    let mut judged = Vec::new();
    let mut chosen: HashMap<String, (usize, PathBuf)> = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        let (Some(file), Some(found)) = (entry.verified(), entry.sha256()) else {
            continue;
        };
        let name = &file.inspection.manifest.name;
        let Some(demand) = Demand::of(name, policy, lock) else {
            continue;
        };
        let verdict = demand.judge(name, found);
        if verdict.is_ok() {
            let this = (index, entry.file().to_owned());
            chosen.entry(name.clone()).or_insert(this);
        }
        judged.push((index, name.clone(), verdict));
    }
    for (index, name, verdict) in judged {
        match (chosen.get(&name), verdict) {
            (Some((first, _)), Ok(trust)) if *first == index => entries[index].set_trust(trust),
            // An older copy beside the right file is no fault, and neither is a second copy of it.
            (Some((_, file)), _) => entries[index].pass_over(file.clone()),
            (None, Err(fault)) => entries[index].fault(fault),
            // Cannot be: a file with the right content is chosen above.
            (None, Ok(_)) => {}
        }
    }
}

fn check_policy(entry: &mut CatalogEntry, policy: &PluginPolicy) -> Result<(), PluginFault> {
    let (Some(file), Some(found)) = (entry.verified(), entry.sha256()) else {
        return Ok(());
    };
    let name = file.inspection.manifest.name.clone();
    if !entry.trust().is_given() {
        let signer = signature::signer(entry.file(), &file.bytes, &policy.trusted_keys)?;
        if let Some(key) = signer {
            entry.set_trust(Trust::Signed(key.to_string()));
        }
    }
    if policy.require_trusted && !entry.trust().is_given() {
        return Err(PluginFault::Untrusted { name, found });
    }
    // Last: a file that the operator did not choose has nothing to explain.
    match entry.reports().first() {
        Some(report) if policy.strict => Err(Refusal::Strict(report.clone()).into()),
        Some(_) | None => Ok(()),
    }
}

/// A locked plugin is chosen before other plugins of its carrier.
fn choose_for_carriers(entries: &mut [CatalogEntry]) {
    let carrier = |entry: &CatalogEntry| -> Option<CarrierId> {
        Some(entry.verified()?.inspection.manifest.carrier.clone())
    };
    let mut locked: BTreeMap<CarrierId, PathBuf> = BTreeMap::new();
    for entry in entries.iter().filter(|e| is_chosen(e.trust())) {
        if let Some(carrier) = carrier(entry) {
            // With two of them the lock chooses none; both are refused later.
            locked
                .entry(carrier)
                .or_insert_with(|| entry.file().to_owned());
        }
    }
    for entry in entries.iter_mut().filter(|e| !is_chosen(e.trust())) {
        if let Some(file) = carrier(entry).and_then(|carrier| locked.get(&carrier)) {
            entry.pass_over(file.clone());
        }
    }
}

/// Whether the operator named this very content. A signature does not: its key signs older releases too.
const fn is_chosen(trust: &Trust) -> bool {
    match trust {
        Trust::Pinned | Trust::Locked => true,
        Trust::Nothing | Trust::Signed(_) => false,
    }
}

/// Of several files of one name or carrier it is unknown which one is meant, so none is loaded.
fn refuse_doubled<K: Ord>(
    entries: &mut [CatalogEntry],
    key: impl Fn(&VerifiedFile) -> K,
    fault: impl Fn(&K, PathBuf) -> PluginFault,
) {
    let mut same: BTreeMap<K, Vec<(usize, PathBuf)>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(file) = entry.verified() {
            let this = (index, entry.file().to_owned());
            same.entry(key(file)).or_default().push(this);
        }
    }
    // All of them: loading one would make the result depend on the order of file names.
    for (key, files) in &same {
        for (index, _) in files {
            if let Some((_, other)) = files.iter().find(|(other, _)| other != index) {
                entries[*index].fault(fault(key, other.clone()));
            }
        }
    }
}

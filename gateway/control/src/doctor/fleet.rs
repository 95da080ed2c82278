//! The fleet: whether all its gateways are the same, and whether this one may renew tokens.

use super::finding::Findings;
use crate::ControlPlane;
use gateway_api::ReplicaView;
use std::collections::BTreeSet;

/// The name of the checks.
const CHECK: &str = "fleet";

impl ControlPlane {
    pub(super) async fn fleet_check(&self, findings: &mut Findings) {
        let Some(status) = self.fleet_status() else {
            // Of a store that is not shared there is nothing to say.
            return;
        };
        if let Some(problem) = status.problem {
            let remedy =
                "see the check of the store, and the load of this machine and of the database";
            findings.failure(CHECK, problem, remedy.to_owned());
        }
        match self.replicas().await {
            Ok(replicas) => judge(&replicas, findings),
            Err(error) => findings.error(CHECK, &error),
        }
    }
}

/// Compares every live gateway with this one.
fn judge(replicas: &[ReplicaView], findings: &mut Findings) {
    let Some(this) = replicas.iter().find(|replica| replica.this) else {
        findings.failure(
            CHECK,
            "this gateway is not in the list of the fleet",
            "it joins again by itself; if it does not, see its log".to_owned(),
        );
        return;
    };
    let others: Vec<_> = replicas.iter().filter(|it| it.live && !it.this).collect();
    let mut differs = false;
    for other in &others {
        let name = &other.name;
        if other.version != this.version {
            differs = true;
            let message = format!(
                "gateway {name} runs version {}, and this one version {}",
                other.version, this.version
            );
            let remedy =
                "finish the upgrade: the gateways of a fleet differ only while it is rolled out";
            findings.warning(CHECK, message, remedy.to_owned());
        }
        let (theirs, ours) = (different(other, this), different(this, other));
        if !theirs.is_empty() || !ours.is_empty() {
            differs = true;
            let message = format!(
                "gateway {name} runs other plugins: there {}, here {}",
                listed(&theirs),
                listed(&ours)
            );
            let remedy = "put the same plugin files and the same plugins.lock on every machine, and run \
                          `waybill plugin reload` at each gateway";
            findings.warning(CHECK, message, remedy.to_owned());
        }
        // An other version may describe the same file in another way.
        if other.version == this.version && other.declared != this.declared {
            differs = true;
            let message = format!(
                "the configuration file of gateway {name} has other accounts or apps than this one's"
            );
            let remedy = "put the same file on every machine, and run `waybill reload` at each gateway: an \
                          account that only one file has is switched off when a gateway with another file starts";
            findings.warning(CHECK, message, remedy.to_owned());
        }
    }
    let names: BTreeSet<&str> = replicas
        .iter()
        .filter(|it| it.live)
        .map(|it| &*it.name)
        .collect();
    let live = others.len() + 1;
    if names.len() < live {
        differs = true;
        let message = "two gateways of the fleet have the same name";
        let remedy = "give each a `name` in [fleet], so that the audit trail says which one acted";
        findings.warning(CHECK, message, remedy.to_owned());
    }
    if !differs {
        let message = match others.len() {
            0 => "this is the only gateway on the database".to_owned(),
            _ => format!(
                "{live} gateways share the database, of one version, with the same plugins and the same \
                 configured accounts and apps"
            ),
        };
        findings.ok(CHECK, message);
    }
}

/// The plugins of one gateway that the other does not run.
fn different<'r>(one: &'r ReplicaView, other: &ReplicaView) -> Vec<&'r str> {
    let lacks = |plugin: &&String| !other.plugins.contains(plugin);
    let plugins = one.plugins.iter().filter(lacks);
    plugins.map(String::as_str).collect()
}

fn listed(plugins: &[&str]) -> String {
    match plugins {
        [] => "none of them".to_owned(),
        plugins => plugins.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_api::{Check, Verdict};

    fn replica(name: &str, version: &str, plugins: &[&str], this: bool) -> ReplicaView {
        ReplicaView {
            id: name.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            plugins: plugins.iter().map(|&plugin| plugin.to_owned()).collect(),
            declared: "aa".to_owned(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            live: true,
            this,
            last_heartbeat_ms: 0,
            lease_ms: 15_000,
            usable: 0,
            renews: 0,
        }
    }

    fn judged(replicas: &[ReplicaView]) -> Vec<Check> {
        let mut findings = Findings::default();
        judge(replicas, &mut findings);
        findings.into_checks()
    }

    #[test]
    fn equal_gateways_are_one_good_finding() {
        let plugins = ["ups 0.3.0 sha256:aa"];
        let one = replica("one", "0.5.0", &plugins, true);
        let two = replica("two", "0.5.0", &plugins, false);
        let [check] = &judged(&[one.clone(), two])[..] else {
            panic!("one finding")
        };
        assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
        // One that is dead says nothing about the present.
        let mut dead = replica("old", "0.1.0", &[], false);
        dead.live = false;
        assert_eq!(judged(&[one, dead])[0].verdict, Verdict::Ok);
    }

    #[test]
    fn other_version_other_plugin_and_same_name_are_named() {
        let one = replica("one", "0.5.0", &["ups 0.3.0 sha256:aa"], true);
        let two = replica("two", "0.4.0", &["ups 0.3.0 sha256:bb"], false);
        let mut twin = replica("two", "0.5.0", &["ups 0.3.0 sha256:aa"], false);
        twin.declared = "bb".to_owned();
        let checks = judged(&[one, two, twin]);
        let said: Vec<&str> = checks.iter().map(|check| &*check.message).collect();
        assert!(checks.iter().all(|check| check.verdict == Verdict::Warning));
        assert!(
            said[0].contains("gateway two runs version 0.4.0"),
            "{said:?}"
        );
        assert!(
            said[1].contains("sha256:bb, here ups 0.3.0 sha256:aa"),
            "{said:?}"
        );
        assert!(said[2].contains("other accounts or apps"), "{said:?}");
        assert!(said[3].contains("same name"), "{said:?}");
        assert_eq!(checks.len(), 4);
    }
}

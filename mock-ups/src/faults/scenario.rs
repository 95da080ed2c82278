//! A scenario: settings and faults that belong together, in a small TOML file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Fault;

/// Settings and faults that belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A short name.
    pub name: String,
    /// What it shows, for people.
    pub description: String,
    /// Settings to change.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The faults, in order.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
}

/// A scenario that cannot be played.
#[derive(Debug, Clone, thiserror::Error)]
#[error("scenario: {0}")]
pub struct ScenarioError(pub(crate) String);

/// The ready ones, by name.
const READY: [(&str, &str); 12] = [
    (
        "carrier-brown-out",
        include_str!("../../scenarios/carrier-brown-out.toml"),
    ),
    (
        "clock-skew",
        include_str!("../../scenarios/clock-skew.toml"),
    ),
    (
        "cut-connections",
        include_str!("../../scenarios/cut-connections.toml"),
    ),
    (
        "firewall-page",
        include_str!("../../scenarios/firewall-page.toml"),
    ),
    (
        "lost-rotation",
        include_str!("../../scenarios/lost-rotation.toml"),
    ),
    (
        "odd-replies",
        include_str!("../../scenarios/odd-replies.toml"),
    ),
    (
        "password-change",
        include_str!("../../scenarios/password-change.toml"),
    ),
    (
        "product-missing",
        include_str!("../../scenarios/product-missing.toml"),
    ),
    ("quota", include_str!("../../scenarios/quota.toml")),
    (
        "revoked-tokens",
        include_str!("../../scenarios/revoked-tokens.toml"),
    ),
    (
        "token-endpoint-down",
        include_str!("../../scenarios/token-endpoint-down.toml"),
    ),
    (
        "token-storm",
        include_str!("../../scenarios/token-storm.toml"),
    ),
];

impl Scenario {
    /// Reads a scenario from TOML.
    ///
    /// # Errors
    /// If the text is no scenario; says where and why.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        crate::toml::parse(text).map_err(ScenarioError)
    }

    /// One of the ready scenarios.
    ///
    /// # Errors
    /// If there is none of this name; lists those there are.
    pub fn ready(name: &str) -> Result<Self, ScenarioError> {
        let found = READY.iter().find(|(ready, _)| *ready == name);
        match found {
            Some((_, text)) => Self::from_toml(text),
            None => {
                let names: Vec<_> = Self::ready_names().collect();
                Err(ScenarioError(format!(
                    "no {name:?}; there are {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// The names of the ready scenarios.
    pub fn ready_names() -> impl Iterator<Item = &'static str> {
        READY.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::Scenario;

    #[test]
    fn every_ready_scenario_parses_under_its_own_name() {
        for name in Scenario::ready_names() {
            let scenario = Scenario::ready(name).expect(name);
            assert_eq!(scenario.name, name);
            assert!(
                !scenario.faults.is_empty() || !scenario.settings.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn unknown_keys_and_actions_are_refused_with_their_name() {
        let text = "name = \"x\"\ndescription = \"y\"\n[[fault]]\nplay = \"explode\"\n";
        let error = Scenario::from_toml(text)
            .expect_err("no such action")
            .to_string();
        assert!(error.contains("explode"), "{error}");
        let text = "name = \"x\"\ndescription = \"y\"\nspeed = 1\n";
        let error = Scenario::from_toml(text)
            .expect_err("no such key")
            .to_string();
        assert!(error.contains("speed"), "{error}");
    }
}

//! The manifest says what is true.

use gateway_model::{Environment, PathTemplate};
use gateway_plugin_host::Manifest;
use plugins_sdk::{CarrierAuth, Class, testing::Script};
use serde_json::Value;

/// Checks what holds for every manifest: it is usable, it belongs to the package, its templates are JSON, its
/// probes are operations, and nothing that may cost money is called safe.
///
/// # Panics
/// When it does not.
pub fn is_sound(text: &str, package: &str) {
    let json: Value = serde_json::from_str(text).expect("JSON");
    let manifest = Manifest::parse(text.as_bytes()).expect("a manifest");
    let profile = manifest.profile().expect("a usable profile");
    let diagnosis = manifest.diagnosis().expect("a usable diagnosis");
    assert_eq!(format!("plugins-{}", manifest.name), package);
    assert!(text.len() <= plugins_sdk::abi::MAX_MANIFEST_LEN);
    for template in ["/errors/template", "/downstream_token/template"] {
        let Some(template) = json.pointer(template) else {
            continue;
        };
        let template = template.as_str().expect("a text");
        // The other forms are XML.
        if profile.errors.content_type() != "application/json" && template.starts_with('<') {
            continue;
        }
        let filled = template
            .replace("{expires_in}", "1")
            .replace("{issued_at_ms}", "1");
        let _: Value = serde_json::from_str(&filled).expect(template);
    }
    for probe in &diagnosis.probes {
        let path = probe.path.split('?').next().unwrap_or_default();
        for environment in [Environment::Production, Environment::Test] {
            let below = profile.api.environment_path(environment);
            let path = format!("{}{path}", below.map_or("", PathTemplate::as_str));
            let operation = profile.api.operation(&probe.method, &path);
            assert!(
                operation.is_some(),
                "the probe {} is no operation",
                probe.name
            );
        }
    }
    for operation in profile.api.operations() {
        let costs = ["ship", "create", "order", "label", "pickup", "manifest"];
        let may_cost = costs
            .iter()
            .any(|word| operation.name.as_str().contains(word));
        let says = operation.name.as_str();
        let claims = json["operations"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["name"] == says))
            .is_some_and(|one| one["safe"] == true && one["methods"][0] == "POST");
        assert!(
            !(may_cost && claims),
            "{says} may cost money and is called safe"
        );
    }
    for code in diagnosis.codes.values() {
        assert!(
            code.cause.ends_with('.') && code.remedy.ends_with('.'),
            "{code:?}"
        );
    }
}

/// Checks that the configuration schema and the plugin agree about `good` and about each changed copy of it.
/// A change is a key, a value (null removes the key) and whether the result is good.
///
/// # Panics
/// When they do not agree.
pub fn schema_agrees<P: CarrierAuth>(text: &str, good: &Value, changes: &[(&str, Value, bool)]) {
    let json: Value = serde_json::from_str(text).expect("JSON");
    let schema = jsonschema::validator_for(&json["config_schema"]).expect("a schema");
    let all = changes.iter().map(|(key, value, fits)| {
        let mut config = good.clone();
        if value.is_null() {
            config.as_object_mut().expect("an object").remove(*key);
        } else {
            config[*key] = value.clone();
        }
        (config, *fits)
    });
    for (config, fits) in std::iter::once((good.clone(), true)).chain(all) {
        assert_eq!(schema.is_valid(&config), fits, "schema: {config}");
        assert_eq!(accepts::<P>(&config), fits, "plugin: {config}");
    }
}

fn accepts<P: CarrierAuth>(config: &Value) -> bool {
    // Without an expected request an accepted configuration ends otherwise than by its own fault.
    let outcome = std::panic::catch_unwind(|| Script::new().run::<P>(&config.to_string()));
    !matches!(outcome, Ok(Err(error)) if error.class() == Class::Config)
}

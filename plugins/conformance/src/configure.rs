//! Careless operators: configurations that cannot work.

use crate::{Suite, authorize, carrier::Carrier, cases, recorder::Recorder, secrets::Secrets};
use gateway_model::{Failure, FailureClass};
use gateway_plugin_host::InstanceOptions;
use serde_json::Value;

const GOOD: &str = "accepts the configuration given";
const BAD: &str = "refuses configurations that cannot work, without panic";
const SILENT: &str = "tells no secret of a configuration that it refuses";

pub(crate) const CHECKS: &[&str] = &[GOOD, BAD, SILENT];

pub(crate) async fn check(suite: &Suite<'_>, report: &mut Recorder<'_>) {
    report.at(GOOD, "");
    let good = suite
        .plugin
        .instance(InstanceOptions::new(suite.config.clone()));
    let refused = good.err().map(|failure| failure.to_string());
    report.add(GOOD, refused.into_iter().collect());
    let (mut bad, mut told) = (Vec::new(), Vec::new());
    for (name, config) in cases::configs(suite.config) {
        report.at(BAD, &name);
        let schema = suite.plugin.manifest().config_schema.as_ref();
        // Of this very configuration, because a mangled secret is a secret too.
        let secrets = Secrets::of(&config, schema);
        let Err(failure) = try_config(suite, config.clone()).await else {
            // An object may be accepted: what is missing may have a default.
            if !config.is_object() {
                bad.push(format!("{name}: accepted"));
            }
            continue;
        };
        if failure.class == FailureClass::Bug {
            bad.push(format!("{name}: {failure}"));
        }
        if secrets.are_in(&failure.to_string()) {
            told.push(format!("{name}: the message contains a secret"));
        }
    }
    report.add(BAD, bad);
    report.add(SILENT, told);
}

/// A configuration that is accepted must also work without a bug.
async fn try_config(suite: &Suite<'_>, config: Value) -> Result<(), Failure> {
    let instance = suite.plugin.instance(InstanceOptions {
        limits: authorize::limits(),
        ..InstanceOptions::new(config)
    })?;
    let carrier = Carrier::good(&authorize::script(suite));
    match instance.authorize(authorize::fetch(), &carrier).await {
        Err(failure) if failure.class == FailureClass::Bug => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}

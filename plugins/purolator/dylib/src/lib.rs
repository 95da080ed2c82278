//! The loadable file of `plugins-purolator`.

plugins_sdk::export_plugin!(plugins_purolator::Purolator, manifest: plugins_purolator::MANIFEST);

//! The loadable file of `plugins-ups`.

plugins_sdk::export_plugin!(plugins_ups::Ups, manifest: plugins_ups::MANIFEST);

//! The loadable file of `plugins-dpd`.

plugins_sdk::export_plugin!(plugins_dpd::Dpd, manifest: plugins_dpd::MANIFEST);

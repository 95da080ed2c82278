//! The loadable file of `plugins-gls`.

plugins_sdk::export_plugin!(plugins_gls::Gls, manifest: plugins_gls::MANIFEST);

//! The loadable file of `plugins-static-header`.

plugins_sdk::export_plugin!(plugins_static_header::StaticHeader, manifest: plugins_static_header::MANIFEST);

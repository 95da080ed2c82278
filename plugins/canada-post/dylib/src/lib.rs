//! The loadable file of `plugins-canada-post`.

plugins_sdk::export_plugin!(plugins_canada_post::CanadaPost, manifest: plugins_canada_post::MANIFEST);

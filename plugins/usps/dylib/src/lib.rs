//! The loadable file of `plugins-usps`.

plugins_sdk::export_plugin!(plugins_usps::Usps, manifest: plugins_usps::MANIFEST);

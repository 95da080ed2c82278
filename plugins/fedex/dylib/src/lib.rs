//! The loadable file of `plugins-fedex`.

plugins_sdk::export_plugin!(plugins_fedex::FedEx, manifest: plugins_fedex::MANIFEST);

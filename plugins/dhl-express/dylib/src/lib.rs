//! The loadable file of `plugins-dhl-express`.

plugins_sdk::export_plugin!(plugins_dhl_express::DhlExpress, manifest: plugins_dhl_express::MANIFEST);

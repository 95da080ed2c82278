//! The loadable file of `plugins-dhl-ecommerce`.

plugins_sdk::export_plugin!(plugins_dhl_ecommerce::DhlEcommerce, manifest: plugins_dhl_ecommerce::MANIFEST);

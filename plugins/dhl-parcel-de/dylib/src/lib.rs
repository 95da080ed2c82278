//! The loadable file of `plugins-dhl-parcel-de`.

plugins_sdk::export_plugin!(plugins_dhl_parcel_de::DhlParcelDe, manifest: plugins_dhl_parcel_de::MANIFEST);

//! The loadable file of `plugins-hmac`.

plugins_sdk::export_plugin!(plugins_hmac::HmacSigner, manifest: plugins_hmac::MANIFEST);

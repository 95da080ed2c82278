//! The loadable file of `examples-signer`.

plugins_sdk::export_plugin!(examples_signer::Acme, manifest: examples_signer::MANIFEST);

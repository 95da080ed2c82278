//! The loadable file of `plugins-amazon-shipping`.

plugins_sdk::export_plugin!(
    plugins_amazon_shipping::AmazonShipping,
    manifest: plugins_amazon_shipping::MANIFEST
);

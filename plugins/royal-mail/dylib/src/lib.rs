//! The loadable file of `plugins-royal-mail`.

plugins_sdk::export_plugin!(plugins_royal_mail::RoyalMail, manifest: plugins_royal_mail::MANIFEST);

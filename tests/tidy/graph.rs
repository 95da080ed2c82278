//! The crate graph: which of our crates may know which.

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeSet;

/// Package, and the packages of this workspace that its code may use. Everything not listed is
/// forbidden; a line that no manifest needs any more fails as well.
const ALLOWED: &[(&str, &[&str])] = &[
    ("gateway-model", &[]),
    ("gateway-token", &["gateway-model"]),
    ("gateway-framing", &[]),
    ("gateway-proxy", &["gateway-framing", "gateway-model"]),
    ("gateway-store", &["gateway-model"]),
    ("gateway-store-testkit", &[]),
    ("gateway-http-client", &[]),
    (
        "gateway-plugin-host",
        &["gateway-http-client", "gateway-model", "plugins-abi"],
    ),
    (
        "gateway-broker",
        &[
            "gateway-http-client",
            "gateway-model",
            "gateway-plugin-host",
            "gateway-store",
            "gateway-token",
        ],
    ),
    ("gateway-api", &["gateway-http-client", "gateway-model"]),
    (
        "gateway-control",
        &[
            "gateway-api",
            "gateway-broker",
            "gateway-http-client",
            "gateway-model",
            "gateway-plugin-host",
            "gateway-store",
        ],
    ),
    (
        "gateway-cli",
        &["gateway-api", "gateway-config", "gateway-model"],
    ),
    (
        "gateway-cli-local",
        &[
            "gateway-cli",
            "gateway-config",
            "gateway-model",
            "gateway-plugin-host",
            "gateway-store",
            "plugins-conformance",
        ],
    ),
    ("gateway-config", &["gateway-model"]),
    ("gateway-otlp", &["gateway-http-client", "gateway-model"]),
    (
        "gateway-admin",
        &[
            "gateway-api",
            "gateway-broker",
            "gateway-control",
            "gateway-framing",
            "gateway-model",
            "gateway-proxy",
            "gateway-store",
        ],
    ),
    (
        "gateway",
        &[
            "gateway-admin",
            "gateway-api",
            "gateway-broker",
            "gateway-cli",
            "gateway-cli-local",
            "gateway-config",
            "gateway-control",
            "gateway-http-client",
            "gateway-model",
            "gateway-otlp",
            "gateway-plugin-host",
            "gateway-proxy",
            "gateway-store",
        ],
    ),
    ("plugins-abi", &[]),
    ("plugins-sdk", &["plugins-abi"]),
    (
        "plugins-conformance",
        &[
            "gateway-http-client",
            "gateway-model",
            "gateway-plugin-host",
        ],
    ),
    (
        "plugins-testkit",
        &[
            "gateway-http-client",
            "gateway-model",
            "gateway-plugin-host",
            "mock-carrier",
            "plugins-conformance",
            "plugins-sdk",
        ],
    ),
    ("plugins-fedex", &["plugins-sdk"]),
    ("plugins-fedex-dylib", &["plugins-fedex", "plugins-sdk"]),
    ("plugins-gls", &["plugins-sdk"]),
    ("plugins-gls-dylib", &["plugins-gls", "plugins-sdk"]),
    ("plugins-dhl-ecommerce", &["plugins-sdk"]),
    (
        "plugins-dhl-ecommerce-dylib",
        &["plugins-dhl-ecommerce", "plugins-sdk"],
    ),
    ("plugins-dhl-parcel-de", &["plugins-sdk"]),
    (
        "plugins-dhl-parcel-de-dylib",
        &["plugins-dhl-parcel-de", "plugins-sdk"],
    ),
    ("plugins-dhl-express", &["plugins-sdk"]),
    (
        "plugins-dhl-express-dylib",
        &["plugins-sdk", "plugins-dhl-express"],
    ),
    ("plugins-canada-post", &["plugins-sdk"]),
    (
        "plugins-canada-post-dylib",
        &["plugins-sdk", "plugins-canada-post"],
    ),
    ("plugins-purolator", &["plugins-sdk"]),
    (
        "plugins-purolator-dylib",
        &["plugins-sdk", "plugins-purolator"],
    ),
    ("plugins-royal-mail", &["plugins-sdk"]),
    (
        "plugins-royal-mail-dylib",
        &["plugins-sdk", "plugins-royal-mail"],
    ),
    ("plugins-dpd", &["plugins-sdk"]),
    ("plugins-dpd-dylib", &["plugins-sdk", "plugins-dpd"]),
    ("plugins-static-header", &["plugins-sdk"]),
    (
        "plugins-static-header-dylib",
        &["plugins-sdk", "plugins-static-header"],
    ),
    ("plugins-hmac", &["plugins-sdk"]),
    ("plugins-hmac-dylib", &["plugins-sdk", "plugins-hmac"]),
    ("plugins-ups", &["plugins-sdk"]),
    ("plugins-ups-dylib", &["plugins-sdk", "plugins-ups"]),
    ("plugins-usps", &["plugins-sdk"]),
    ("plugins-usps-dylib", &["plugins-sdk", "plugins-usps"]),
    ("plugins-amazon-shipping", &["plugins-sdk"]),
    (
        "plugins-amazon-shipping-dylib",
        &["plugins-amazon-shipping", "plugins-sdk"],
    ),
    ("mock-carrier", &[]),
    ("mock-ups", &[]),
    ("tests", &["mock-carrier", "mock-ups"]),
    ("tests-kit", &[]),
    (
        "benches",
        &[
            "examples-signer",
            "gateway-broker",
            "gateway-config",
            "gateway-http-client",
            "gateway-framing",
            "gateway-model",
            "gateway-plugin-host",
            "gateway-proxy",
            "gateway-store",
            "gateway-store-testkit",
            "gateway-token",
            "mock-ups",
            "plugins-sdk",
            "plugins-amazon-shipping",
            "plugins-canada-post",
            "plugins-dhl-ecommerce",
            "plugins-dhl-express",
            "plugins-dhl-parcel-de",
            "plugins-dpd",
            "plugins-fedex",
            "plugins-gls",
            "plugins-hmac",
            "plugins-purolator",
            "plugins-royal-mail",
            "plugins-static-header",
            "plugins-ups",
            "plugins-usps",
        ],
    ),
    ("examples", &["gateway", "mock-ups"]),
    ("examples-signer", &["plugins-sdk"]),
    ("examples-signer-dylib", &["examples-signer", "plugins-sdk"]),
    ("xtask", &["gateway-store-testkit"]),
];

/// Crates that a sans-IO or pure package must not know.
const PURE: &[(&str, &[&str])] = &[
    (
        "gateway-model",
        &["tokio", "hyper", "libloading", "rand", "rustls"],
    ),
    (
        "gateway-token",
        &[
            "tokio",
            "hyper",
            "libloading",
            "rand",
            "rustls",
            "futures-util",
        ],
    ),
    ("plugins-fedex", &["tokio", "hyper", "rustls", "libloading"]),
    ("plugins-gls", &["tokio", "hyper", "rustls", "libloading"]),
    (
        "plugins-dhl-ecommerce",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    (
        "plugins-dhl-parcel-de",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    (
        "plugins-dhl-express",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    (
        "plugins-canada-post",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    (
        "plugins-purolator",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    (
        "plugins-royal-mail",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    ("plugins-dpd", &["tokio", "hyper", "rustls", "libloading"]),
    (
        "plugins-static-header",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    ("plugins-hmac", &["tokio", "hyper", "rustls", "libloading"]),
    ("plugins-ups", &["tokio", "hyper", "rustls", "libloading"]),
    ("plugins-usps", &["tokio", "hyper", "rustls", "libloading"]),
    (
        "plugins-amazon-shipping",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    (
        "examples-signer",
        &["tokio", "hyper", "rustls", "libloading"],
    ),
    ("plugins-sdk", &["tokio", "hyper", "rustls", "libloading"]),
];

/// Normal and build dependencies of each package of the workspace; tests may know more.
fn dependencies() -> Vec<(String, BTreeSet<String>)> {
    let metadata = MetadataCommand::new()
        .current_dir(super::root())
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo reads the workspace");
    let packages = metadata.packages.iter().map(|package| {
        let used = package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development);
        (
            package.name.to_string(),
            used.map(|d| d.name.clone()).collect(),
        )
    });
    packages.collect()
}

#[test]
fn crate_graph_has_only_allowed_edges() {
    let packages = dependencies();
    let ours: BTreeSet<&str> = packages.iter().map(|(name, _)| name.as_str()).collect();
    let mut offences = Vec::new();
    for (package, used) in &packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == package) else {
            offences.push(format!("{package} is not in the list of allowed edges"));
            continue;
        };
        let used: BTreeSet<&str> = used
            .iter()
            .map(String::as_str)
            .filter(|d| ours.contains(d))
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        offences.extend(
            used.difference(&allowed)
                .map(|d| format!("{package} must not depend on {d}")),
        );
        offences.extend(
            allowed
                .difference(&used)
                .map(|d| format!("{package} no longer needs {d}: take it off the list")),
        );
    }
    super::assert_none("the crate graph", &offences);
}

#[test]
fn pure_crates_know_no_runtime() {
    let packages = dependencies();
    let mut offences = Vec::new();
    for (package, forbidden) in PURE {
        let (_, used) = packages
            .iter()
            .find(|(name, _)| name == package)
            .expect("a package of ours");
        offences.extend(
            forbidden
                .iter()
                .filter(|d| used.contains(**d))
                .map(|d| format!("{package} depends on {d}")),
        );
    }
    super::assert_none("pure crates", &offences);
}

//! The forms of load that `load`, `peers` and `compare` measure: one run of the load program for each.

use clap::{Args, ValueEnum};

/// One form of load.
pub(super) struct Form {
    /// What its files are called, behind what was measured: `peers-NAME.json`.
    pub(super) name: &'static str,
    group: Group,
    /// Options of the load program.
    pub(super) options: &'static [&'static str],
}

/// Which forms to measure.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Choice {
    /// Which forms of load, with commas between them; all if none is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Group>,
}

/// Forms that belong together.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// Shop requests: plaintext and TLS upstream, one and two workers.
    Shop,
    /// GET with 7 KB back.
    Get,
    /// GET with 100 KB and 1 MB back.
    Bulk,
    /// POST of 64 KB and 1 MB.
    Upload,
    /// Shop requests of apps with TLS.
    Tls,
    /// Shop requests of apps with HTTP/2, in plaintext and with TLS.
    Http2,
    /// Shop requests of apps with a key, and with a token; the gateway only.
    Apps,
}

/// In the order in which they are measured and reported.
pub(super) const FORMS: [Form; 14] = [
    form("plain-1", Group::Shop, &["--workers", "1"]),
    form("tls-1", Group::Shop, &["--workers", "1", "--tls-upstream"]),
    form("plain-2", Group::Shop, &["--workers", "2"]),
    form("tls-2", Group::Shop, &["--workers", "2", "--tls-upstream"]),
    form("get", Group::Get, &["--form", "get"]),
    form(
        "answer-100k",
        Group::Bulk,
        &["--form", "answer-100k", "--closed-only"],
    ),
    form(
        "answer-1m",
        Group::Bulk,
        &["--form", "answer-1m", "--closed-only"],
    ),
    form(
        "upload-64k",
        Group::Upload,
        &["--form", "upload-64k", "--closed-only"],
    ),
    form(
        "upload-1m",
        Group::Upload,
        &["--form", "upload-1m", "--closed-only"],
    ),
    form("apps-h2", Group::Http2, &["--http2"]),
    form("apps-tls", Group::Tls, &["--tls-downstream"]),
    form(
        "apps-h2-tls",
        Group::Http2,
        &["--http2", "--tls-downstream"],
    ),
    form("apps-key", Group::Apps, &["--app", "key"]),
    form("apps-token", Group::Apps, &["--app", "token"]),
];

const fn form(name: &'static str, group: Group, options: &'static [&'static str]) -> Form {
    Form {
        name,
        group,
        options,
    }
}

impl Form {
    /// Whether peers can do it too.
    pub(super) fn is_for_peers(&self) -> bool {
        self.group != Group::Apps
    }

    /// Whether most of the work is content: on one scale with the others they would look alike.
    pub(super) fn is_large(&self) -> bool {
        matches!(self.group, Group::Bulk | Group::Upload)
    }
}

impl Choice {
    /// Whether Envoy and Pingora are asked: they take part in this group only.
    pub(super) fn has_all_peers(&self) -> bool {
        self.only.is_empty() || self.only.contains(&Group::Shop)
    }

    pub(super) fn forms(&self) -> impl Iterator<Item = &'static Form> {
        FORMS
            .iter()
            .filter(|form| self.only.is_empty() || self.only.contains(&form.group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_are_named_are_chosen_and_else_all() {
        let names = |only: &[Group]| -> Vec<_> {
            let only = only.to_vec();
            Choice { only }.forms().map(|form| form.name).collect()
        };
        assert_eq!(names(&[]).len(), FORMS.len());
        assert_eq!(names(&[Group::Get, Group::Tls]), ["get", "apps-tls"]);
    }
}

//! The page of the web interface on which a person can do what a command does, so that every surface can name both.

use gateway_model::AccountId;

/// The path of the page; nothing if there is none for this command.
pub fn page_of_command(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let path = match words.strip_prefix(&["waybill"])? {
        ["account", "add", ..] => "/ui/new-account",
        ["account", "list", ..] => "/ui/accounts",
        ["account" | "token", _, name, ..] => return page_of_account(name),
        ["app", "add", ..] => "/ui/new-app",
        ["app", ..] => "/ui/apps",
        ["invitation", ..] => "/ui/invitations",
        ["migrate", "plan", ..] => "/ui/new-migration",
        ["migrate", ..] => "/ui/migration",
        ["plugin", "list" | "status" | "reload" | "rollback", ..] => "/ui/plugins",
        ["notices", ..] => "/ui/notices",
        ["audit", ..] => "/ui/audit",
        ["requests", ..] => "/ui/requests",
        ["doctor", ..] => "/ui/doctor",
        ["admin-token", ..] => "/ui/admin-tokens",
        ["backup", ..] => "/ui/backup",
        // What needs the machine itself has no page.
        _ => return None,
    };
    Some(path.to_owned())
}

/// The page of an account; nothing for the `NAME` of a sentence about any account.
fn page_of_account(name: &str) -> Option<String> {
    let placeholder = name.bytes().all(|byte| byte.is_ascii_uppercase());
    // A name has no character that an address would have to encode.
    let name: AccountId = name.parse().ok().filter(|_| !placeholder)?;
    Some(format!("/ui/accounts/{name}"))
}

/// A sentence and the page on which its commands can be done, at a gateway whose pages begin with `base`. A sentence that
/// names a page itself, or commands of several pages, stays as it is.
pub fn with_page(text: &str, base: &str) -> String {
    let mut pages: Vec<String> = (text.split('`').skip(1).step_by(2))
        .filter_map(page_of_command)
        .collect();
    pages.dedup();
    match pages.as_slice() {
        [page] if !base.is_empty() && !text.contains("/ui/") => {
            format!("{}, or open {base}{page}", text.trim_end_matches('.'))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_has_the_page_that_does_the_same() {
        for (command, page) in [
            (
                "waybill account authorize shop.1",
                Some("/ui/accounts/shop.1"),
            ),
            (
                "waybill account rotate-secret shop --secret-file x",
                Some("/ui/accounts/shop"),
            ),
            ("waybill token renew shop", Some("/ui/accounts/shop")),
            ("waybill account authorize ACCOUNT", None),
            ("waybill account authorize ../x", None),
            ("waybill account authorize", None),
            ("waybill account add NAME", Some("/ui/new-account")),
            ("waybill migrate plan FILE", Some("/ui/new-migration")),
            ("waybill migrate undo", Some("/ui/migration")),
            ("waybill plugin lock", None),
            ("waybill reload", None),
            ("waybill", None),
            ("account list", None),
            ("", None),
        ] {
            assert_eq!(page_of_command(command).as_deref(), page, "{command}");
        }
    }

    #[test]
    fn sentence_names_the_page_once_and_only_if_there_is_one() {
        let base = "http://127.0.0.1:8081";
        for (text, expected) in [
            (
                "sign in with `waybill account authorize a`",
                "sign in with `waybill account authorize a`, or open http://127.0.0.1:8081/ui/accounts/a",
            ),
            (
                "`waybill app list`. `waybill app add x`",
                "`waybill app list`. `waybill app add x`",
            ),
            (
                "do `waybill app list` or open https://w/ui/apps",
                "do `waybill app list` or open https://w/ui/apps",
            ),
            (
                "`waybill token show a` or `waybill account show a`.",
                "`waybill token show a` or `waybill account show a`, or open \
                 http://127.0.0.1:8081/ui/accounts/a",
            ),
            (
                "one ` alone `waybill app list",
                "one ` alone `waybill app list",
            ),
            ("", ""),
        ] {
            assert_eq!(with_page(text, base), expected);
            assert_eq!(with_page(text, ""), text);
        }
    }
}

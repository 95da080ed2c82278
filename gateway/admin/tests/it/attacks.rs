//! Attacks on the web interface, one line and one test each.
//!
//! | Attack | Test |
//! |---|---|
//! | a session that the attacker chose (fixation) | `forged::session_of_an_attacker_becomes_nobody_elses` |
//! | a cookie of a neighbour or of plain HTTP in the place of the session's (tossing) | `forged::cookie_that_is_not_the_listeners_own_is_none` |
//! | a stolen cookie after *sign out everywhere* | `forged::stolen_cookie_is_worth_nothing_after_signing_out_everywhere`; `ui::session_ends_with_its_token_by_signing_out_and_when_it_is_idle` |
//! | a session that somebody writes into the database | the store's own tests of sessions |
//! | a form of another site: without a text, with one of another session | `ui::form_of_another_site_or_session_changes_nothing`, `forged::form_with_the_text_of_another_session_changes_nothing` |
//! | somebody is signed in with the attacker's token, or gets the attacker's invitation | `forged::page_of_another_site_signs_nobody_in` |
//! | a change by GET, HEAD or another method | `forged::change_by_another_method_is_none` |
//! | another name in `Host`, a name that resolves to this listener (DNS rebinding), `X-Forwarded-Host` | `elsewhere::foreign_host_reaches_no_page_and_is_in_no_answer`, `elsewhere::names_that_a_proxy_or_an_attacker_adds_change_no_address` |
//! | another `Origin` that looks like the listener's | `elsewhere::origin_that_only_looks_like_the_listeners_own_is_foreign` |
//! | reading by a page of another site (CORS) | `elsewhere::page_of_another_site_may_read_nothing` |
//! | the pages in a frame (clickjacking) | `elsewhere::no_answer_may_be_framed_kept_or_sniffed` |
//! | markup in everything that the store holds | `content::markup_in_the_store_is_text_on_every_page`; in addresses: `ui::text_of_anybody_is_shown_as_text` |
//! | line ends in what becomes a field of an answer (header injection) | `elsewhere::line_ends_reach_no_field_of_an_answer` |
//! | a link to another site after the sign-in | `ui::right_token_signs_in_and_a_wrong_one_does_not`, `kept::sign_in_leads_to_own_pages_only` |
//! | an invitation that was used, ended, was taken back or is guessed | `tests/it/invitations.rs`, `forged::code_of_an_invitation_that_is_guessed_opens_nothing_and_is_counted` |
//! | huge, cut and broken uploads | `ui_pages::huge_upload_is_read_to_its_end_and_gets_a_page`, `ui_pages::upload_that_is_no_list_gets_a_page_that_says_so`, `content::broken_form_gets_a_page_and_changes_nothing` |
//! | secrets in an address, in the source of a page, in the browser's history | `content::no_secret_is_in_an_address_or_in_a_page` |

mod content;
mod elsewhere;
mod forged;

use crate::{harness::Reply, plane::Managed};
use std::time::Duration;

const HOST: &str = "localhost:8081";
const OWN: &str = "http://localhost:8081";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Time passes before each request, so that no limit is met by accident.
async fn send(
    managed: &Managed,
    (method, path): (&str, &str),
    fields: &[(&str, &str)],
    body: &str,
) -> Reply {
    managed.server.clock.advance(Duration::from_secs(10));
    managed.server.exchange(method, path, fields, body).await
}

/// The value of the cookie that a browser holds.
fn value(cookie: Option<&String>) -> String {
    let (_, value) = cookie.expect("a cookie").split_once('=').expect("a value");
    value.to_owned()
}

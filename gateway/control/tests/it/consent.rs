//! Sign-ins whose link is not good any more.

use crate::world::{World, id, operator, secret};
use gateway_api::PasteConsent;
use gateway_model::GrantKind;
use std::time::Duration;

/// A link that somebody finds later opens nothing; the next one does.
#[tokio::test]
async fn expired_link_is_refused_and_another_one_works() {
    let world = World::new().await;
    let kind = GrantKind::AuthorizationCode;
    world.add("web", kind, &["A1B2C3"]).await;
    let begun = world.control.begin_consent(operator(), &id("web")).await;
    let begun = begun.expect("a link");
    let (_, state) = begun.url.0.expose().split_once("state=").expect("a state");
    let state = state.split('&').next().expect("a value");
    world.clock.advance(Duration::from_secs(60 * 60));
    let query = secret(&format!("code=0123456789&state={state}"));
    let refused = world.control.finish_consent(&query).await;
    let refused = refused.expect_err("it has expired");
    assert_eq!(refused.code, "link_expired", "{refused}");
    let way_out = refused.remedy.expect("a way out");
    assert!(way_out.contains("waybill account authorize"), "{way_out}");
    world.sign_in("web").await.expect("a new link works");
}

/// The redirect led nowhere, and the person copied the browser's address.
#[tokio::test]
async fn copied_address_finishes_the_sign_in() {
    let world = World::new().await;
    let kind = GrantKind::AuthorizationCode;
    world.add("web", kind, &["A1B2C3"]).await;
    let back = world.approve("web", "merchant", "parcel-1").await;
    let pasted = PasteConsent {
        redirected: secret(back.expect("an address").as_str()),
    };
    let account = id("web");
    let done = world.control.paste_consent(operator(), &account, pasted);
    done.await.expect("a login");
    world.token("web").await;
}

/// Each wrong paste says what was pasted, and the right address finishes the same sign-in afterwards.
#[tokio::test]
async fn wrong_paste_leaves_the_sign_in_as_it_was() {
    let world = World::new().await;
    let kind = GrantKind::AuthorizationCode;
    world.add("web", kind, &["A1B2C3"]).await;
    world.add("other", kind, &["A1B2C3"]).await;
    let web = world.approve("web", "merchant", "parcel-1").await;
    let web = web.expect("an address").to_string();
    let other = world.approve("other", "merchant", "parcel-1").await;
    let other = other.expect("an address").to_string();
    let state = web.split("state=").nth(1).expect("a state");
    let state = state.split('&').next().expect("a value");
    let page = format!("https://ups.test/authorize?client_id=a&response_type=code&state={state}");
    let denied = format!("http://127.0.0.1:8081/oauth/callback?error=access_denied&state={state}");
    let paste = async |text: &str| {
        let redirected = secret(text);
        let pasted = PasteConsent { redirected };
        world
            .control
            .paste_consent(operator(), &id("web"), pasted)
            .await
    };
    for (text, code, says) in [
        (page.as_str(), "bad_redirect", "the sign-in page itself"),
        (&other, "foreign_state", "account other, not web"),
        (&denied, "consent_refused", "access_denied"),
        (
            "hello",
            "code_refused",
            "5 characters were taken for the code",
        ),
    ] {
        let error = paste(text).await.expect_err(text);
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(says), "{error}");
    }
    paste(&web).await.expect("the right address");
    let again = paste(&web).await.expect_err("used up by the success");
    assert_eq!(again.code, "link_used", "{again}");
    let pasted = PasteConsent {
        redirected: secret(&other),
    };
    let done = world
        .control
        .paste_consent(operator(), &id("other"), pasted)
        .await;
    done.expect("the other sign-in was not used up either");
}

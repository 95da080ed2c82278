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

//! Somebody outside signs in with an invitation.

use crate::world::{World, id, operator, secret};
use gateway_api::{AddInvitation, ConsentDone, InvitationState, InvitationView, PasteConsent};
use gateway_control::ControlError;
use gateway_model::{
    GrantKind::{AuthorizationCode, ClientCredentials},
    Secret,
};
use std::time::Duration;
use url::Url;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn invitation(account: &str, days: Option<u16>) -> AddInvitation {
    AddInvitation {
        account: id(account),
        also: Vec::new(),
        whole_login: false,
        days,
    }
}

/// For several accounts of a login.
fn of_login(accounts: &[&str]) -> AddInvitation {
    let (first, others) = accounts.split_first().expect("an account");
    AddInvitation {
        also: others.iter().map(|it| id(it)).collect(),
        ..invitation(first, None)
    }
}

/// A world with an account that a person signs in for.
async fn world() -> World {
    let world = World::new().await;
    world.add("web", AuthorizationCode, &["A1B2C3"]).await;
    world
}

/// Makes an invitation; its code.
async fn invite(world: &World, account: &str) -> Secret {
    make(world, invitation(account, None)).await
}

async fn make(world: &World, invitation: AddInvitation) -> Secret {
    let made = world.control.add_invitation(operator(), invitation);
    let link: Url = made
        .await
        .expect("an invitation")
        .link
        .0
        .expose()
        .parse()
        .expect("a link");
    assert_eq!((link.path(), link.query()), ("/ui/invitation", None));
    Secret::new(link.fragment().expect("a code").to_owned())
}

/// Begins a sign-in and approves it as somebody; where the carrier sends the browser then.
async fn approve(world: &World, code: &Secret, user: &str, password: &str) -> Url {
    let begun = world.control.begin_invited(code, None).await;
    let begun = begun.expect("a sign-in");
    world.approve_at(begun.url.0.expose(), user, password).await
}

async fn finish(world: &World, back: &Url) -> Result<ConsentDone, ControlError> {
    let query = secret(back.query().expect("a query"));
    world.control.finish_consent(&query).await
}

async fn only(world: &World) -> InvitationView {
    let all = world.control.invitations().await.expect("a list");
    let [one] = all.try_into().expect("there is one");
    one
}

#[tokio::test]
async fn invitation_signs_in_once_and_the_trail_names_it() {
    let world = world().await;
    let code = invite(&world, "web").await;
    let invited = world.control.invited(&code).await.expect("it is open");
    assert_eq!(invited.accounts[0].name, id("web"));
    assert_eq!(invited.accounts[0].numbers.len(), 1);
    let first = approve(&world, &code, "merchant", "parcel-1").await;
    let second = approve(&world, &code, "merchant", "parcel-1").await;

    let done = finish(&world, &first).await.expect("a login");
    assert_eq!(done.invitation.as_deref(), Some(invited.id.as_str()));
    let used = only(&world).await;
    assert_eq!(
        (used.state, used.created_by.as_str()),
        (InvitationState::Used, "root")
    );
    assert!(used.used_at.is_some());
    world.token("web").await;

    // Nothing goes on with it: no new sign-in, and none that was begun before.
    for error in [
        world.control.invited(&code).await.err(),
        world.control.begin_invited(&code, None).await.err(),
        finish(&world, &second).await.err(),
    ] {
        let error = error.expect("it is used up");
        assert_eq!(error.code, "invitation_used", "{error}");
        assert!(error.remedy.is_some_and(|it| !it.contains("waybill")));
    }
    let trail = world.control.audit(None, 100).await.expect("a trail");
    let actor = format!("invitation:{}", invited.id);
    for (action, actor, outcome) in [
        ("invitation.add", "root", "ok"),
        ("consent.begin", &actor, "ok"),
        ("consent.finish", &actor, "ok"),
        ("consent.finish", &actor, "invitation_used"),
    ] {
        let found = trail.iter().find(|entry| {
            entry.action == action
                && entry.actor == actor
                && entry.outcome.as_deref() == Some(outcome)
        });
        let entry = found.unwrap_or_else(|| panic!("no {action} {outcome} in {trail:#?}"));
        assert_eq!(entry.subject, "account:web");
        assert!(!format!("{entry:?}").contains(code.expose()));
        if action != "consent.begin" {
            assert_eq!(entry.detail["invitation"], invited.id.as_str());
        }
    }
}

#[tokio::test]
async fn wrong_login_leaves_the_invitation_open_and_says_how_to_go_on() {
    let world = world().await;
    world.sign_in("web").await.expect("an earlier login");
    let code = invite(&world, "web").await;
    let wrong = approve(&world, &code, "other", "parcel-2").await;
    let error = finish(&world, &wrong).await.expect_err("a foreign login");
    assert_eq!(error.code, "wrong_login", "{error}");
    let remedy = error.remedy.expect("a way out");
    assert!(
        remedy.contains("open your invitation again") && remedy.contains("A1B2C3"),
        "{remedy}"
    );
    assert_eq!(only(&world).await.state, InvitationState::Open);
    // The earlier login still serves.
    world.token("web").await;
    let right = approve(&world, &code, "merchant", "parcel-1").await;
    finish(&world, &right).await.expect("a login");
    assert_eq!(only(&world).await.state, InvitationState::Used);
}

#[tokio::test]
async fn invitation_ends_with_its_days_and_with_its_revocation() {
    let world = world().await;
    let code = invite(&world, "web").await;
    world.clock.advance(DAY * 7 - Duration::from_secs(60));
    let late = approve(&world, &code, "merchant", "parcel-1").await;
    world.clock.advance(Duration::from_secs(60));
    let error = finish(&world, &late).await.expect_err("it has ended");
    assert_eq!(error.code, "invitation_ended", "{error}");
    assert_eq!(only(&world).await.state, InvitationState::Ended);

    let code = invite(&world, "web").await;
    let all = world.control.invitations().await.expect("a list");
    let newest = all.first().expect("the newest comes first");
    assert_eq!(newest.state, InvitationState::Open);
    let begun = approve(&world, &code, "merchant", "parcel-1").await;
    let revoked = world
        .control
        .revoke_invitation(operator(), &newest.id)
        .await;
    assert_eq!(
        revoked.expect("it is there").state,
        InvitationState::Revoked
    );
    for error in [
        world.control.invited(&code).await.err(),
        world.control.begin_invited(&code, None).await.err(),
        finish(&world, &begun).await.err(),
    ] {
        assert_eq!(error.expect("it is revoked").code, "invitation_revoked");
    }
    let account = world
        .control
        .account(&id("web"))
        .await
        .expect("it is there");
    assert_eq!(account.state, gateway_api::AccountState::NeedsConsent);
}

#[tokio::test]
async fn code_that_nobody_made_opens_nothing() {
    let world = world().await;
    let code = invite(&world, "web").await;
    let id_of_it = only(&world).await.id;
    let cut = code.expose()[..code.expose().len() - 1].to_owned();
    for guess in ["", "x", &cut, &id_of_it, &format!("{}x", code.expose())] {
        let guess = Secret::new(guess.to_owned());
        let error = world.control.invited(&guess).await.expect_err("unknown");
        assert_eq!(error.code, "unknown_invitation", "{error}");
        let begun = world.control.begin_invited(&guess, None).await;
        assert_eq!(begun.expect_err("unknown").code, "unknown_invitation");
    }
    let revoked = world.control.revoke_invitation(operator(), "nobody").await;
    assert_eq!(revoked.expect_err("unknown").code, "unknown_invitation");
    // With its account, an invitation is gone.
    let removed = world.control.remove_account(operator(), &id("web")).await;
    removed.expect("it is there");
    let error = world.control.invited(&code).await.expect_err("it is gone");
    assert_eq!(error.code, "unknown_invitation", "{error}");
}

#[tokio::test]
async fn invitation_that_makes_no_sense_is_refused() {
    let world = world().await;
    world.add("shop", ClientCredentials, &["A1B2C3"]).await;
    for (invitation, code) in [
        (invitation("web", Some(0)), "invalid_days"),
        (invitation("web", Some(31)), "invalid_days"),
        (invitation("shop", None), "no_consent_needed"),
        (invitation("nobody", None), "unknown_account"),
        (of_login(&["web", "nobody"]), "unknown_account"),
        (of_login(&["web", "shop"]), "no_consent_needed"),
    ] {
        let made = world.control.add_invitation(operator(), invitation).await;
        assert_eq!(made.expect_err("it makes no sense").code, code);
    }
    assert_eq!(world.control.invitations().await.expect("a list"), []);
}

/// The redirect led nowhere, and the invited person copied the browser's address.
#[tokio::test]
async fn copied_address_counts_for_its_own_invitation_only() {
    let world = world().await;
    let (one, two) = (invite(&world, "web").await, invite(&world, "web").await);
    let of_operator = world.approve("web", "merchant", "parcel-1").await;
    let of_operator = of_operator.expect("an address");
    let mine = approve(&world, &one, "merchant", "parcel-1").await;
    let paste = async |code: &Secret, text: &str| {
        let redirected = secret(text);
        let pasted = PasteConsent { redirected };
        world.control.paste_invited(code, None, pasted).await
    };
    for (code, address) in [(&one, &of_operator), (&two, &mine)] {
        let error = paste(code, address.as_str()).await.expect_err("foreign");
        assert_eq!(error.code, "foreign_state", "{error}");
    }
    let done = paste(&one, mine.as_str()).await.expect("a login");
    assert!(done.invitation.is_some());
    // Neither was the operator's sign-in used up, nor the other invitation.
    finish(&world, &of_operator).await.expect("a login");
    world.control.invited(&two).await.expect("it is open");
}

/// One link for all accounts of a login: each takes one sign-in, and the last one uses the link up.
#[tokio::test]
async fn invitation_for_a_login_is_good_until_its_last_account_has_a_sign_in() {
    let world = world().await;
    for (name, number) in [("depot", "D4E5F6"), ("store", "A1B2C3")] {
        world.add(name, AuthorizationCode, &[number]).await;
    }
    let code = make(&world, of_login(&["web", "depot", "web", "store"])).await;
    let made = only(&world).await;
    let names = |view: &InvitationView| -> Vec<String> {
        let names = view.accounts.iter().map(|it| it.account.to_string());
        names.collect()
    };
    assert_eq!(names(&made), ["web", "depot", "store"]);
    for left in [2, 1, 0] {
        // Somebody else's login first: nothing is used up by it.
        let wrong = approve(&world, &code, "other", "parcel-2").await;
        let error = finish(&world, &wrong).await.expect_err("a foreign login");
        assert_eq!(error.code, "wrong_login", "{error}");
        let right = approve(&world, &code, "merchant", "parcel-1").await;
        let done = finish(&world, &right).await.expect("a login");
        assert_eq!(
            (done.invitation.as_deref(), done.invitation_left),
            (Some(made.id.as_str()), left)
        );
        let now = only(&world).await;
        let used = now.accounts.iter().filter(|it| it.used_at.is_some());
        assert_eq!(used.count(), 3 - left);
        assert_eq!(now.state == InvitationState::Used, left == 0, "{now:?}");
        assert_eq!(now.used_at.is_some(), left == 0);
    }
    for name in ["web", "depot", "store"] {
        world.token(name).await;
    }
    let error = world.control.invited(&code).await.expect_err("it is used");
    assert_eq!(error.code, "invitation_used");
    // Each account's trail tells of it, by the one name of the invitation.
    let trail = world.control.audit(None, 100).await.expect("a trail");
    for (action, actor) in [
        ("invitation.add", "root".to_owned()),
        ("consent.finish", format!("invitation:{}", made.id)),
    ] {
        let ok = trail.iter().filter(|entry| {
            entry.action == action
                && entry.actor == actor
                && entry.outcome.as_deref() == Some("ok")
                && entry.detail["invitation"] == made.id.as_str()
        });
        let mut subjects: Vec<&str> = ok.map(|it| it.subject.as_str()).collect();
        subjects.sort_unstable();
        assert_eq!(subjects, ["account:depot", "account:store", "account:web"]);
    }
}

#[tokio::test]
async fn invitation_for_a_login_goes_on_without_one_of_its_accounts_and_is_revoked_as_a_whole() {
    let world = world().await;
    for name in ["depot", "store"] {
        world.add(name, AuthorizationCode, &["D4E5F6"]).await;
    }
    let code = make(&world, of_login(&["web", "depot", "store"])).await;
    let other = invite(&world, "depot").await;
    let chosen = world.control.begin_invited(&code, Some(&id("store"))).await;
    assert_eq!(chosen.expect("a sign-in").account, id("store"));
    let foreign = world
        .control
        .begin_invited(&other, Some(&id("store")))
        .await;
    assert_eq!(foreign.expect_err("not invited").code, "not_invited");
    // The first account holds the id of the invitation; it is good without it.
    let gone = world.control.remove_account(operator(), &id("web")).await;
    gone.expect("it is there");
    let invited = world.control.invited(&code).await.expect("it is open");
    assert_eq!(invited.accounts.len(), 2);
    let back = approve(&world, &code, "merchant", "parcel-1").await;
    let done = finish(&world, &back).await.expect("a login");
    assert_eq!((done.account.name, done.invitation_left), (id("depot"), 1));
    let begun = approve(&world, &code, "merchant", "parcel-1").await;
    let revoked = world.control.revoke_invitation(operator(), &invited.id);
    let revoked = revoked.await.expect("it is there");
    assert_eq!(revoked.state, InvitationState::Revoked);
    assert_eq!(revoked.accounts[0].state, InvitationState::Used);
    let error = finish(&world, &begun).await.expect_err("it is revoked");
    assert_eq!(error.code, "invitation_revoked");
    world
        .control
        .invited(&other)
        .await
        .expect("another is open");
}

#[tokio::test]
async fn invitation_for_a_whole_login_finds_its_accounts() {
    let world = world().await;
    world
        .add("same", AuthorizationCode, &["A1B2C3", "D4E5F6"])
        .await;
    world.add("next", AuthorizationCode, &["D4E5F6"]).await;
    world.add("foreign", AuthorizationCode, &["X9Y8Z7"]).await;
    world.add("machine", ClientCredentials, &["A1B2C3"]).await;
    let whole = AddInvitation {
        whole_login: true,
        ..invitation("web", None)
    };
    let made = world.control.add_invitation(operator(), whole).await;
    let view = made.expect("an invitation").view;
    let names: Vec<&str> = view.accounts.iter().map(|it| it.account.as_str()).collect();
    assert_eq!(names, ["web", "next", "same"]);
}

/// As a gateway of an earlier release sees and changes it: each account's record is an invitation of its own.
#[tokio::test]
async fn older_gateway_beside_it_loses_nothing_of_an_invitation_for_a_login() {
    let world = world().await;
    world.add("depot", AuthorizationCode, &["D4E5F6"]).await;
    let code = make(&world, of_login(&["web", "depot"])).await;
    let mut records = world.store.invitations().await.expect("a store");
    records.sort_by(|one, other| one.id.cmp(&other.id));
    let ids: Vec<&str> = records.iter().map(|it| it.id.as_str()).collect();
    let id = only(&world).await.id;
    assert_eq!(ids, [id.clone(), format!("{id}-2")]);
    // It finds the first one by its code, finishes a sign-in with it, and writes what it knows of the record.
    let mut first = records[0].clone();
    first.used_at = Some(first.created_at);
    world.store.update_invitation(&first).await.expect("fresh");
    let invited = world.control.invited(&code).await.expect("it is open");
    let left = invited.accounts.iter().filter(|it| !it.signed_in);
    assert_eq!(
        left.map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["depot"]
    );
    let back = approve(&world, &code, "merchant", "parcel-1").await;
    assert_eq!(
        finish(&world, &back)
            .await
            .expect("a login")
            .invitation_left,
        0
    );
    assert_eq!(only(&world).await.state, InvitationState::Used);
    // The id of a record, as its list shows it, means the invitation.
    let by_record = world.control.revoke_invitation(operator(), ids[1]).await;
    assert_eq!(by_record.expect("it is there").id, id);
}

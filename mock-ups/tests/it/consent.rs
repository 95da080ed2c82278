//! The login and consent page, driven as a browser would: its forms, read from its HTML.

use std::time::Duration;

use mock_ups::MockUps;

use crate::client::{Answer, get, post};
use crate::refresh::{REDIRECT, parameter};

/// The hidden fields of a page's form.
fn hidden(page: &str) -> Vec<(String, String)> {
    let value = |input: &str, name: &str| {
        let start = input.split(&format!("{name}=\"")).nth(1)?;
        start.split('"').next().map(str::to_owned)
    };
    page.split("<input ")
        .skip(1)
        .filter(|input| input.starts_with("type=\"hidden\""))
        .filter_map(|input| Some((value(input, "name")?, value(input, "value")?)))
        .map(|(name, value)| (name, unescape(&value)))
        .collect()
}

fn unescape(text: &str) -> String {
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(text.to_owned(), |text, (entity, plain)| {
            text.replace(entity, plain)
        })
}

async fn submit(base: &str, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let hidden = hidden(&page.text());
    let mut form: Vec<_> = hidden
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.extend_from_slice(more);
    post(format!("{base}/lasso/signin"))
        .form(&form)
        .send()
        .await
}

async fn login_page(base: &str) -> Answer {
    login_page_of(base, "").await
}

/// The page in a browser with this cookie.
async fn login_page_of(base: &str, cookie: &str) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "mock-client")
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("response_type", "code")
        .append_pair("scope", "read")
        .append_pair("type", "ups_com_api")
        .append_pair("state", "\"><script>alert(1)</script>&")
        .finish();
    let page = get(format!("{base}/lasso/signin?{query}"));
    page.header("cookie", cookie).send().await
}

/// Signs in at the page, and gives the cookie that a browser keeps.
async fn signed_in(base: &str) -> String {
    let login = login_page(base).await;
    let person = [("user", "merchant"), ("password", "parcel-1")];
    let consent = submit(base, &login, &person).await;
    let cookie = consent.header("set-cookie");
    for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/lasso/signin"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let (pair, _) = cookie.split_once(';').expect("a cookie with attributes");
    format!("other=1; {pair}")
}

/// The page says who signed in and which accounts the app will see, before anything is given.
#[tokio::test]
async fn person_signs_in_sees_accounts_and_approves() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let login = login_page(&base).await;
    assert_eq!(login.status, 200);
    assert!(login.text().contains("Mock Shop"));
    assert!(!login.text().contains("<script>"), "{}", login.text());
    assert_eq!(login.header("x-frame-options"), "DENY");

    let wrong = submit(
        &base,
        &login,
        &[("user", "merchant"), ("password", "wrong")],
    )
    .await;
    assert!(wrong.text().contains("Wrong user or password."));
    let consent = submit(
        &base,
        &wrong,
        &[("user", "merchant"), ("password", "parcel-1")],
    )
    .await;
    let page = consent.text();
    for part in ["merchant", "Mock Shop", "A1B2C3", "D4E5F6"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(
        !page.contains("X9Y8Z7") && !page.contains("parcel-1"),
        "{page}"
    );

    let approved = submit(&base, &consent, &[("decision", "approve")]).await;
    assert_eq!(approved.status, 302);
    let back: url::Url = approved.header("location").parse().unwrap();
    assert!(back.as_str().starts_with(REDIRECT), "{back}");
    assert_eq!(
        parameter(&back, "state").as_deref(),
        Some("\"><script>alert(1)</script>&")
    );
    assert_eq!(parameter(&back, "scope").as_deref(), Some("read"));
    assert!(parameter(&back, "code").is_some_and(|code| code.len() >= 32));

    let again = submit(&base, &consent, &[("decision", "approve")]).await;
    assert_eq!(again.status, 400, "a page answers once");
}

#[tokio::test]
async fn person_refuses_and_the_app_learns_it() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let login = login_page(&base).await;
    let consent = submit(
        &base,
        &login,
        &[("user", "other"), ("password", "parcel-2")],
    )
    .await;
    assert!(consent.text().contains("X9Y8Z7"));
    let refused = submit(&base, &consent, &[("decision", "refuse")]).await;
    let back: url::Url = refused.header("location").parse().unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "code"), None);
    assert!(parameter(&back, "state").is_some());
}

#[tokio::test]
async fn login_page_for_a_foreign_redirect_grants_nothing() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let query = "client_id=mock-client&redirect_uri=https%3A%2F%2Fevil.example%2F";
    let page = get(format!("{base}/lasso/signin?{query}")).send().await;
    assert_eq!(page.status, 400);
    assert!(
        page.text().contains("Invalid Redirect URL"),
        "{}",
        page.text()
    );
    let form = [
        ("client_id", "mock-client"),
        ("redirect_uri", "https://evil.example/"),
        ("user", "merchant"),
        ("password", "parcel-1"),
        ("decision", "approve"),
    ];
    let posted = post(format!("{base}/lasso/signin"))
        .form(&form)
        .send()
        .await;
    assert_eq!(posted.status, 400);
    assert!(posted.headers.get("location").is_none());
}

/// One password for any number of consents, as at a carrier.
#[tokio::test]
async fn browser_that_is_signed_in_is_asked_for_the_decision_only() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let cookie = signed_in(&base).await;
    for _ in 0..2 {
        let page = login_page_of(&base, &cookie).await;
        assert!(page.text().contains("Allow access?"), "{}", page.text());
        assert!(page.text().contains("merchant") && !page.text().contains("type=\"password\""));
        let approved = submit(&base, &page, &[("decision", "approve")]).await;
        assert_eq!(approved.status, 302);
        assert!(approved.header("location").contains("code="));
    }
    let stranger = login_page_of(&base, "mock-ups-session=guessed").await;
    assert!(stranger.text().contains("type=\"password\""));
    let journal = get(format!("{base}/__mock/journal")).send().await.text();
    let (_, id) = cookie.split_once("session=").expect("a cookie");
    assert!(!journal.contains(id), "a cookie is a secret");
}

#[tokio::test]
async fn another_login_signs_the_browser_out_and_asks_for_the_same_app_again() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    let cookie = signed_in(&base).await;
    let page = login_page_of(&base, &cookie).await;
    let form = post(format!("{base}/lasso/signin")).header("cookie", &cookie);
    let fields = hidden(&page.text());
    let mut fields: Vec<_> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    fields.push(("decision", "another"));
    let out = form.form(&fields).send().await;
    assert_eq!(out.status, 302);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let login = get(out.header("location").to_owned()).header("cookie", &cookie);
    let login = login.send().await;
    assert!(
        login.text().contains("type=\"password\""),
        "{}",
        login.text()
    );
    let consent = submit(
        &base,
        &login,
        &[("user", "other"), ("password", "parcel-2")],
    )
    .await;
    assert!(consent.text().contains("X9Y8Z7"), "{}", consent.text());
    let approved = submit(&base, &consent, &[("decision", "approve")]).await;
    let back: url::Url = approved.header("location").parse().unwrap();
    assert_eq!(
        parameter(&back, "state").as_deref(),
        Some("\"><script>alert(1)</script>&"),
        "the app's own text survives both pages"
    );
    let again = submit(&base, &page, &[("decision", "approve")]).await;
    assert_eq!(again.status, 400, "the page of the first login is used up");
}

#[tokio::test]
async fn reset_time_and_a_new_password_sign_the_browser_out() {
    let ups = MockUps::start().await.unwrap();
    let base = ups.base_url();
    ups.freeze();
    let asks = async |cookie: &str| {
        let page = login_page_of(&base, cookie).await.text();
        page.contains("type=\"password\"")
    };
    let cookie = signed_in(&base).await;
    ups.advance(Duration::from_secs(1_799));
    assert!(!asks(&cookie).await);
    ups.advance(Duration::from_secs(1));
    assert!(asks(&cookie).await, "after half an hour");
    let cookie = signed_in(&base).await;
    ups.change_password("merchant", "another");
    assert!(asks(&cookie).await, "after a change of the password");
    ups.reset();
    let cookie = signed_in(&base).await;
    assert!(!asks(&cookie).await);
    ups.reset();
    assert!(asks(&cookie).await, "after a reset");
    // Signing in without being remembered is a setting.
    ups.change_settings(|settings| settings.sign_in_lifetime = 0);
    let login = login_page(&base).await;
    let person = [("user", "merchant"), ("password", "parcel-1")];
    let consent = submit(&base, &login, &person).await;
    assert!(consent.text().contains("Allow access?"));
    assert!(consent.headers.get("set-cookie").is_none());
}

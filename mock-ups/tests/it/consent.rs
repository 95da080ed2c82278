//! The login and consent page, driven as a browser would: its forms, read from its HTML.

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
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "mock-client")
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("response_type", "code")
        .append_pair("scope", "read")
        .append_pair("type", "ups_com_api")
        .append_pair("state", "\"><script>alert(1)</script>&")
        .finish();
    get(format!("{base}/lasso/signin?{query}")).send().await
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

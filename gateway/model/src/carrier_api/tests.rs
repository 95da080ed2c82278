use super::*;
use proptest::prelude::*;

fn template(text: &str) -> PathTemplate {
    text.parse().expect("a template")
}

fn operation(
    name: &str,
    methods: &[Method],
    path: &str,
    safe: bool,
    repeatable: bool,
) -> Operation {
    Operation {
        name: name.parse().expect("a name"),
        methods: methods.to_vec(),
        path: template(path),
        safe,
        repeatable,
        slots: Vec::new(),
    }
}

fn api() -> CarrierApi {
    let operations = vec![
        operation(
            "rate",
            &[Method::POST],
            "/api/rating/{version}/{option}",
            true,
            true,
        ),
        operation(
            "ship",
            &[Method::POST],
            "/api/shipments/{version}/ship",
            false,
            false,
        ),
        operation(
            "void",
            &[Method::DELETE],
            "/api/shipments/{version}/void/{id}",
            false,
            true,
        ),
        operation(
            "pending",
            &[Method::GET],
            "/api/shipments/{version}/pickup/{type}",
            true,
            true,
        ),
        operation(
            "cancel",
            &[Method::DELETE],
            "/api/shipments/{version}/pickup/{by}",
            false,
            false,
        ),
        operation(
            "fixed",
            &[Method::GET],
            "/api/shipments/v9/pickup/all",
            false,
            false,
        ),
    ];
    let authorization = ["/security", "/oauth", "/api/security", "/api/oauth"].map(template);
    CarrierApi::new(authorization.to_vec(), operations).expect("no duplicates")
}

#[rustfmt::skip] // a table
#[test]
fn operations_are_found_by_method_and_path() {
    let api = api();
    for (method, path, expected) in [
        (Method::POST, "/api/rating/v2409/Shop", Some("rate")),
        (Method::POST, "/api/rating/v2409/Shop/", Some("rate")),
        (Method::POST, "/api/%72ating/v2409/a%2Fb", Some("rate")),
        (Method::GET, "/api/rating/v2409/Shop", None),
        (Method::POST, "/api/rating/v2409", None),
        (Method::POST, "/api/rating//Shop", None),
        (Method::POST, "/api/Rating/v2409/Shop", None),
        (Method::POST, "/api/rating/v2409/Shop/more", None),
        (Method::POST, "api/rating/v2409/Shop", None),
        (Method::POST, "/", None),
        (Method::POST, "", None),
        (Method::GET, "/api/shipments/v1/pickup/oncall", Some("pending")),
        (Method::HEAD, "/api/shipments/v1/pickup/oncall", Some("pending")),
        (Method::DELETE, "/api/shipments/v1/pickup/01", Some("cancel")),
        (Method::GET, "/api/shipments/v9/pickup/all", Some("fixed")),
        (Method::GET, "/api/shipments/v9/pickup/one", Some("pending")),
        (Method::DELETE, "/api/shipments/v9/pickup/all", Some("cancel")),
    ] {
        let found = api.operation(&method, path).map(|found| found.name.as_str());
        assert_eq!(found, expected, "{method} {path}");
    }
}

#[rustfmt::skip] // a table
#[test]
fn only_requests_that_do_no_more_when_sent_twice_are_sent_again() {
    let api = api();
    for (method, path, again, safe) in [
        (Method::GET, "/unknown", true, true),
        (Method::HEAD, "/unknown", true, true),
        (Method::OPTIONS, "/unknown", true, true),
        (Method::PUT, "/unknown", false, false),
        (Method::DELETE, "/unknown", false, false),
        (Method::POST, "/unknown", false, false),
        (Method::POST, "/api/rating/v1/Rate", false, true),
        (Method::POST, "/api/shipments/v1/ship", false, false),
        (Method::DELETE, "/api/shipments/v1/void/1Z", true, false),
        (Method::DELETE, "/api/shipments/v1/pickup/01", false, false),
        (Method::GET, "/api/shipments/v9/pickup/all", false, false),
    ] {
        assert_eq!(api.may_send_again(&method, path), again, "{method} {path}");
        assert_eq!(api.is_safe(&method, path), safe, "{method} {path}");
    }
}

#[test]
fn careful_default_goes_by_the_method() {
    let none = CarrierApi::default();
    assert!(none.may_send_again(&Method::GET, "/a"));
    assert!(!none.may_send_again(&Method::DELETE, "/a"));
    assert!(!none.is_authorization_path("/security/v1/oauth/token"));
    assert!(none.operation(&Method::GET, "/a").is_none());
}

#[test]
fn two_operations_of_one_method_and_form_are_refused() {
    let twice = vec![
        operation("a", &[Method::GET, Method::PUT], "/x/{one}", true, true),
        operation("b", &[Method::PUT], "/x/{other}", false, true),
    ];
    let refused = CarrierApi::new(Vec::new(), twice).expect_err("a duplicate");
    assert_eq!((&*refused.first, &*refused.second), ("a", "b"));
}

#[test]
fn templates_are_whole_segments() {
    for (text, error) in [
        ("a", TemplateError::NotAbsolute),
        ("", TemplateError::NotAbsolute),
        ("/", TemplateError::Segment),
        ("/a//b", TemplateError::Segment),
        ("/a/../b", TemplateError::Segment),
        ("/a/{}", TemplateError::Segment),
        ("/a/x{b}", TemplateError::Segment),
        ("/a?b", TemplateError::Segment),
        ("/%61", TemplateError::Segment),
        ("/{a}/{a}", TemplateError::Twice),
    ] {
        assert_eq!(text.parse::<PathTemplate>(), Err(error), "{text}");
    }
    assert_eq!(
        "/a".repeat(33).parse::<PathTemplate>(),
        Err(TemplateError::TooLong)
    );
    let names: Vec<String> = template("/a/{b}/{c}")
        .placeholders()
        .map(str::to_owned)
        .collect();
    assert_eq!(names, ["b", "c"]);
}

#[test]
fn authorization_paths_are_known_however_they_are_spelled() {
    let api = api();
    for path in [
        "/security",
        "/security/v1/oauth/token",
        "/security/v2/oauth/token",
        "/security/v1/oauth/refresh",
        "/security/v1/oauth/authorize",
        "/security/v1/oauth/token;v=1",
        "/security;v=1/v1/oauth/token",
        "/oauth/token",
        "/api/security/v1/oauth/token",
        "/API/Security/v1",
        "//security/v1",
        "/api//security/v1",
        "/%73ecurity/v1",
        "/%2573ecurity/v1",
        "/api%2Fsecurity/v1",
        "/api%252fsecurity",
        "/api\\security",
        "/./security",
        "/x/../security",
        "/x/%2e%2e/security",
        "/x/..;/security",
        "/security%00/v1",
        "/security%20/v1",
        "/security%3Fx/v1",
        "/security/../api/track/v1/details/1Z",
    ] {
        assert!(api.is_authorization_path(path), "{path}");
    }
    for path in [
        "",
        "/",
        "/api",
        "/api/track/v1/details/oauth",
        "/api/track/v1/details/security",
        "/api/track/v1/details/1Z%2Fsecurity",
        "/api/rating/v2409/Shop",
        "/securityx/v1",
        "/api/securit",
        "/xsecurity",
    ] {
        assert!(!api.is_authorization_path(path), "{path}");
    }
}

/// A spelling of `text` that some server reads as `text`.
fn spelled(text: &'static str) -> impl Strategy<Value = String> {
    let letters = text.chars().map(|letter| {
        let plain = letter.to_string();
        let upper = letter.to_ascii_uppercase().to_string();
        let escaped = format!("%{:02x}", u32::from(letter));
        let twice = format!("%25{:02X}", u32::from(letter));
        prop_oneof![8 => Just(plain), 1 => Just(upper), 1 => Just(escaped), 1 => Just(twice)]
    });
    letters
        .collect::<Vec<_>>()
        .prop_map(|letters| letters.concat())
}

fn separator() -> impl Strategy<Value = String> {
    const SEPARATORS: &[&str] = &[
        "/", "//", "%2F", "%2f%2F", "%252f", "\\", "%5C", "/./", "/x/../", "/;a=b/", "/%2e/",
    ];
    proptest::sample::select(SEPARATORS).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(tests_kit::properties(256))]
    #[test]
    fn no_spelling_of_an_authorization_path_is_overlooked(
        prefix in prop_oneof![Just(None), spelled("api").prop_map(Some)],
        root in prop_oneof![spelled("security"), spelled("oauth")],
        separators in proptest::collection::vec(separator(), 3),
        parameter in prop_oneof![Just(""), Just(";v=1"), Just("%3Bv=1"), Just("%00"), Just("%20")],
        tail in "[a-z0-9/%]{0,20}",
    ) {
        let prefix = prefix.map(|prefix| format!("{}{prefix}", separators[0])).unwrap_or_default();
        let path = format!("{prefix}{}{root}{parameter}{}{tail}", separators[1], separators[2]);
        prop_assert!(api().is_authorization_path(&path), "{}", path);
    }

    #[test]
    fn a_path_below_another_root_is_no_authorization_path(
        root in "[b-n][a-z]{0,8}",
        tail in "(/[a-z0-9]{1,9}){0,6}",
    ) {
        for path in [format!("/{root}{tail}"), format!("/api/{root}{tail}")] {
            prop_assert!(!api().is_authorization_path(&path), "{}", path);
        }
    }

    #[test]
    fn no_path_makes_the_look_up_panic(path in ".{0,80}") {
        let api = api();
        let _ = api.is_authorization_path(&path);
        let _ = api.operation(&Method::GET, &path);
    }
}

#[test]
fn path_of_the_other_environment_is_told_however_it_is_spelled() {
    use crate::Environment::{Production, Test};
    let path = |text: &str| text.parse::<PathTemplate>().expect("a path");
    let environments = vec![(Production, path("/api")), (Test, path("/api/test"))];
    let api = CarrierApi::default().with_environments(environments);
    for (asked, production, test) in [
        ("/api/rates", true, false),
        ("/api", true, false),
        ("/api/testing/rates", true, false),
        ("/api/test/rates", false, true),
        ("/api/test", false, true),
        ("/api/%74est/rates", false, true),
        ("/api//test/rates", false, true),
        ("/api/x/../test/rates", false, false),
        ("/api/test/../rates", false, false),
        ("/api/test/%2e%2e/rates", false, false),
        ("/other", false, false),
        ("/", false, false),
    ] {
        let found = [Production, Test].map(|of| api.is_in_environment(of, asked));
        assert_eq!(found, [production, test], "{asked}");
    }
    assert!(CarrierApi::default().is_in_environment(Test, "/anything"));
}

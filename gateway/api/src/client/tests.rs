use super::*;

fn refused(base: &str) -> ClientError {
    Client::new(base, Secret::new("planted-token".into())).expect_err(base)
}

#[test]
fn base_that_would_show_the_token_to_a_network_is_refused() {
    for base in [
        "http://10.0.0.1:8081",
        "http://waybill.internal",
        "http://localhost.evil.example",
        "http://[2001:db8::1]:8081",
    ] {
        assert!(matches!(refused(base), ClientError::Plaintext), "{base}");
    }
}

#[test]
fn base_that_is_no_address_is_refused_without_repeating_it() {
    for base in [
        "",
        "127.0.0.1:8081",
        "ftp://127.0.0.1",
        "http://user:planted@127.0.0.1",
        "http://127.0.0.1/?a=planted",
        "unix:/planted",
    ] {
        let error = refused(base);
        assert!(matches!(error, ClientError::Base { .. }), "{base}");
        assert!(!format!("{error} {error:?}").contains("planted"), "{error}");
    }
}

#[test]
fn base_on_this_machine_is_taken() {
    for base in [
        "http://127.0.0.1:8081",
        "http://127.9.9.9",
        "http://LOCALHOST:1/",
        "http://[::1]:8081",
    ] {
        let client = Client::new(base, Secret::new("planted-token\n".into())).expect(base);
        assert!(!client.base().ends_with('/'), "{base}");
        // `Debug` output ends up in logs.
        assert!(!format!("{client:?}").contains("planted"));
    }
}

#[test]
fn token_that_cannot_be_a_field_is_refused() {
    for token in ["", " \n", "a\r\nHost: evil", "a\u{0}"] {
        let error = Client::new("http://127.0.0.1:1", Secret::new(token.into()));
        assert!(matches!(error, Err(ClientError::Token)), "{token:?}");
    }
}

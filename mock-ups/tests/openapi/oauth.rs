//! The OAuth endpoints.

use mock_ups::{Fault, Settings};

use crate::client::{Answer, World};
use crate::spec::Spec;

const BASIC: &str = "Authorization: Basic bW9jay1jbGllbnQ6bW9jay1zZWNyZXQ=\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const REDIRECT: &str = "http%3A%2F%2F127.0.0.1%3A8081%2Foauth%2Fcallback";

fn post(world: &World, path: &str, head: &str, form: &str) -> Answer {
    world.exchange("POST", path, &format!("{head}{FORM}"), form)
}

fn token(world: &World, head: &str, form: &str) -> Answer {
    post(world, "/security/v1/oauth/token", head, form)
}

fn settings(world: &World, legacy: bool) {
    world
        .mock
        .change_settings(|settings: &mut Settings| settings.legacy_token_shape = legacy);
}

#[tokio::test(flavor = "multi_thread")]
async fn client_credentials_answers_validate() {
    let Some(spec) = Spec::load("OAuthClientCredentials") else {
        return;
    };
    let world = World::start().await;
    for legacy in [false, true] {
        settings(&world, legacy);
        let answer = token(&world, BASIC, "grant_type=client_credentials");
        assert_eq!(answer.status, 200, "{}", answer.body);
        spec.check("tokenSuccessResponse", &answer.json());
    }
    let refused = token(&world, "", "grant_type=client_credentials");
    assert_eq!((refused.status, refused.code().as_str()), (400, "10400"));
    spec.check("tokenErrorResponse", &refused.json());
    let refused = token(
        &world,
        "Authorization: Basic eDp5\r\n",
        "grant_type=client_credentials",
    );
    assert_eq!((refused.status, refused.code().as_str()), (401, "10401"));
    spec.check("tokenErrorResponse", &refused.json());
    let fault = Fault::error(503, "10004", "The service is temporarily unavailable");
    let _fault = world.mock.add_fault(fault).expect("a fault");
    let refused = token(&world, BASIC, "grant_type=client_credentials");
    assert_eq!(refused.status, 503);
    spec.check("tokenErrorResponse", &refused.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_code_and_refresh_answers_validate() {
    let Some(spec) = Spec::load("OAuthAuthCode") else {
        return;
    };
    let world = World::start().await;
    for legacy in [false, true] {
        settings(&world, legacy);
        let form = format!(
            "client_id=mock-client&redirect_uri={REDIRECT}&scope=read&user=merchant\
             &password=parcel-1&decision=approve"
        );
        let approved = post(&world, "/lasso/signin", "", &form);
        assert_eq!(approved.status, 302, "{}", approved.body);
        let code = approved
            .head
            .split("code=")
            .nth(1)
            .and_then(|rest| rest.split('&').next());
        let code = code.expect("a code");
        let form = format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}");
        let bought = token(&world, BASIC, &form);
        assert_eq!(bought.status, 200, "{}", bought.body);
        spec.check("generateTokenSuccessResponse", &bought.json());
        let json = bought.json();
        let refresh_token = json["refresh_token"].as_str().expect("a refresh token");
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh_token)
            .finish();
        let refreshed = post(&world, "/security/v1/oauth/refresh", BASIC, &form);
        assert_eq!(refreshed.status, 200, "{}", refreshed.body);
        spec.check("refreshTokenSuccessResponse", &refreshed.json());
        let again = post(&world, "/security/v1/oauth/refresh", BASIC, &form);
        assert_eq!((again.status, again.code().as_str()), (400, "10400"));
        spec.check("tokenErrorResponse", &again.json());
    }
}

//! Phase 3: a route stays in its environment, also where the environments of a carrier differ by path only.

use super::harness::{Upstream, Wants, World};
use gateway_model::{
    CarrierApi,
    Environment::{Production, Test},
};
use std::sync::Arc;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

#[test]
fn path_of_the_other_environment_is_not_forwarded() {
    for (environment, own, other) in [
        (Test, "/api/test/rates", "/api/rates"),
        (Production, "/api/rates", "/api/test/rates"),
    ] {
        let upstream = Upstream::fine();
        let change = move |directory: &mut crate::Directory| {
            let mut profile = super::harness::profile();
            let path = |text: &str| text.parse().expect("a path");
            let paths = vec![(Production, path("/api")), (Test, path("/api/test"))];
            profile.api = CarrierApi::default().with_environments(paths);
            let route = &mut directory.routes[0];
            (route.profile, route.environment) = (Arc::new(profile), environment);
            for account in &mut directory.accounts {
                account.environment = environment;
            }
        };
        let wants = Wants {
            change: Box::new(change),
            ..Wants::default()
        };
        let world = World::new(upstream.addr, wants);
        assert_eq!(world.send(&get(own)).status(), 200, "{environment}");
        let refused = world.send(&get(other));
        assert_eq!(refused.status(), 404, "{environment}");
        assert_eq!(refused.all("waybill-error"), ["route_unknown"]);
        assert!(
            refused.text().contains("whose paths begin with /api"),
            "{}",
            refused.text()
        );
    }
}

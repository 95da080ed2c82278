//! Whether production and test are mixed up.

use super::finding::Findings;
use crate::{ControlPlane, wiring::Wired};
use gateway_model::{Origin, Scheme};
use gateway_store::AccountRecord;

impl ControlPlane {
    pub(super) fn environment_check(
        &self,
        account: &AccountRecord,
        wired: &Wired,
        all: &[AccountRecord],
        findings: &mut Findings,
    ) {
        let Some(origin) = &wired.origin else {
            return;
        };
        let known = self.context.plugins.known(&account.carrier);
        let origins = known.as_ref();
        let origins = origins.map_or(&[][..], |known| &known.profile.origins);
        let same_host = |other: &Origin| other.host() == origin.host();
        let own = |(environment, _): &&(_, Origin)| *environment == account.environment;
        // A carrier may serve both environments from one host: only a host of the other environment
        // alone is wrong.
        let right = origins
            .iter()
            .filter(own)
            .any(|(_, other)| same_host(other));
        let wrong = origins
            .iter()
            .find(|(environment, other)| *environment != account.environment && same_host(other));
        match wrong.filter(|_| !right) {
            Some((other, _)) => findings.failure(
                "environment",
                format!(
                    "it is a {} account, but its requests go to {origin}, the {other} environment",
                    account.environment
                ),
                format!(
                    "correct `origin` in the {} [[route]] of {}, or add the account again in the \
                     {other} environment",
                    account.environment, account.carrier
                ),
            ),
            None if origin.scheme() == Scheme::Http && !is_loopback(origin) => findings.warning(
                "environment",
                format!("its secrets and tokens are sent in clear to {origin}"),
                "use an https origin".to_owned(),
            ),
            None => findings.ok(
                "environment",
                format!("{}: requests go to {origin}", account.environment),
            ),
        }
        shared_client(account, all, findings);
    }
}

/// Warns of a client id in both environments: some carriers know the environment only by it.
fn shared_client(account: &AccountRecord, all: &[AccountRecord], findings: &mut Findings) {
    let twin = all.iter().find(|other| {
        // Of one carrier only: two carriers may give out the same id by chance.
        other.carrier == account.carrier
            && other.client_id == account.client_id
            && other.environment != account.environment
    });
    if let Some(twin) = twin {
        findings.warning(
            "client id",
            format!(
                "the {} account {} has the same client id: if the carrier accepts it in both \
                 environments, a test may ship real parcels, or the reverse",
                twin.environment, twin.name
            ),
            "use a separate client id for each environment".to_owned(),
        );
    }
}

fn is_loopback(origin: &Origin) -> bool {
    let host = origin.host().trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

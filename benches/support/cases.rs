//! The hot paths one by one, for criterion (time) and for the instruction counts.

mod authorization;
mod carriers;
mod case;
mod data_plane;
mod lifecycle;
#[cfg(feature = "mock")]
mod mock;
#[cfg(feature = "whole")]
mod rating;
mod request;
#[cfg(feature = "whole")]
mod sealing;
mod sign;

pub use case::{Case, CaseMaker};

/// Cases that are no carrier's.
const PLAIN: &[fn() -> Case] = &[
    data_plane::framing,
    data_plane::inject,
    data_plane::view,
    data_plane::view_published,
    data_plane::route_1,
    data_plane::route_100,
    data_plane::route_10_000,
    data_plane::operation,
    data_plane::jwt_first,
    data_plane::jwt_repeated,
    lifecycle::renewal,
    authorization::one_call,
    sign::empty,
    sign::hmac,
    #[cfg(feature = "mock")]
    mock::shop,
    #[cfg(feature = "mock")]
    mock::rate,
    #[cfg(feature = "whole")]
    sealing::seal,
    #[cfg(feature = "whole")]
    sealing::unseal,
    #[cfg(feature = "whole")]
    rating::shop,
];

/// Every case, in the order of the reports.
#[must_use]
pub fn all() -> Vec<CaseMaker> {
    let plain = PLAIN.iter().map(|case| -> CaseMaker { Box::new(case) });
    let authorizations = carriers::ALL
        .iter()
        .map(|carrier| -> CaseMaker { Box::new(|| authorization::of(carrier)) });
    let requests = carriers::ALL.iter().filter_map(|carrier| {
        let path = carrier.path?;
        let case: CaseMaker = Box::new(move || request::of(carrier, path));
        Some(case)
    });
    plain.chain(authorizations).chain(requests).collect()
}

pub use data_plane::{cell, usable};

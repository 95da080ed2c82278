//! The hot paths one by one, for criterion (time) and for the instruction counts.

mod authorization;
mod case;
mod data_plane;
mod lifecycle;
#[cfg(feature = "whole")]
mod rating;
#[cfg(feature = "whole")]
mod sealing;
mod sign;

pub use case::{Case, CaseMaker};

/// Every case, in the order of the reports.
pub const ALL: &[CaseMaker] = &[
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
    authorization::ups,
    authorization::one_call,
    sign::empty,
    sign::hmac,
    #[cfg(feature = "whole")]
    sealing::seal,
    #[cfg(feature = "whole")]
    sealing::unseal,
    #[cfg(feature = "whole")]
    rating::shop,
];

pub use data_plane::{cell, usable};

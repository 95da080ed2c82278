//! The hot paths one by one, for criterion (time) and for the instruction counts.

mod authorization;
mod data_plane;
mod lifecycle;
#[cfg(feature = "whole")]
mod rating;
#[cfg(feature = "whole")]
mod sealing;
mod sign;

/// One thing to measure: a call of it is one iteration.
pub struct Case {
    /// For people, and the key in the baseline.
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Makes a case when it is wanted: some take long to prepare.
pub type Maker = fn() -> Case;

/// All of them.
pub const ALL: &[Maker] = &[
    data_plane::framing,
    data_plane::inject,
    data_plane::view,
    data_plane::view_published,
    data_plane::route_1,
    data_plane::route_100,
    data_plane::route_10_000,
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

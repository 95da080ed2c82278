//! Who may use a route.

use gateway_model::Role;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Any client that reaches the listener.
    Public,
    /// Any client, but a browser is expected: an error is shown as a page.
    Browser,
    /// The holder of any admin token.
    ReadOnly,
    /// The holder of an admin token with the role `admin`.
    Admin,
}

impl Access {
    /// Whether the role is enough for the route.
    pub(super) const fn admits(self, role: Role) -> bool {
        match (self, role) {
            (Self::Public | Self::Browser | Self::ReadOnly, Role::Admin | Role::ReadOnly)
            | (Self::Admin, Role::Admin) => true,
            // Spelled out: a new role does not compile until somebody decides here.
            (Self::Admin, Role::ReadOnly) => false,
        }
    }
}

//! Restarts that no app notices.

mod activation;
mod failures;
mod hand_over;
mod load;

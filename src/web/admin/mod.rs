//! The admin's page: users.

mod users;
pub mod view;

pub use users::router;

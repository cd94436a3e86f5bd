//! The supervisors' pages: the floor now, and the calls behind every figure.

mod call_view;
mod floor_view;
mod live;
pub mod owed;
mod pages;
pub mod view;

pub(in crate::web) use pages::frame;
pub use pages::router;

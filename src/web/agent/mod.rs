//! The agent's desk.

mod actions;
pub(super) mod bar;
pub mod file;
mod file_view;
pub mod form;
pub mod link;
mod live;
pub mod order;
mod outcome;
pub mod owed;
mod page;
mod part;
pub mod phone;
mod talk_view;
pub mod view;
mod whose;

pub use page::router;

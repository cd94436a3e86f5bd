//! The pages: server-rendered, patched live. Handlers are thin: extract, one domain call, render. Each subject has its
//! own router, templates and view; none knows the bridge, which it reaches by commands and reads from the board.

pub mod admin;
pub mod agent;
mod answer;
mod assets;
mod bell;
mod deps;
mod figures;
pub mod recordings;
pub mod router;
pub mod sign_in;
pub mod supervisor;
pub mod texts;

pub use bell::Bells;
pub use deps::{Commands, Deps, Offers, OfficeInfo};

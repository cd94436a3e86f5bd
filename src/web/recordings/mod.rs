//! Recordings in the pages: the mark on the call bar, what became of one, and playing it.

mod play;
pub mod view;

pub use play::router;

//! What an agent says, as data (`config/scripts/README.md`): read, looked up for a call, and checked against the advice.

mod check;
mod known;
mod library;
mod model;
mod said;

pub use check::{Check, Finding};
pub use library::{Language, Library, ScriptError};
pub use model::{Capture, Kind, Polarity, Script, Situation, Step, Tone};

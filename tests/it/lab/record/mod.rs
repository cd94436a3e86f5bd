//! Plays every call flow against the lab's Asterisk and keeps what its manager interface said: the captures in
//! `tests/it/captures/`, one call each, on a PBX that carries nothing else. See ../README.md for how to record again, and
//! `tests/it/captures/README.md` for what the people do in each.

/// The flows of a file, by their names.
macro_rules! flows {
    ($($flow:ident)*) => {
        /// Plays the flow of this name, if it is one of these.
        pub(super) async fn play(flow: &str, stage: &mut Stage) -> bool {
            match flow {
                $(stringify!($flow) => Box::pin($flow(stage)).await,)*
                _ => return false,
            }
            true
        }
    };
}

mod attended;
mod blind;
mod blonde;
mod dialled;
mod first;
mod forwards;
mod freepbx;
mod midcall;
mod queues;
mod several;
mod stage;

use std::path::Path;

use super::pbx::Release;
use stage::Stage;

/// Records one flow, on a PBX of its own: from signing in until nothing more comes after the last hangup.
pub async fn record_one(release: Release, flow: &str, out_dir: &Path) {
    let mut stage = Stage::set(release, flow, out_dir).await;
    let stage_ref = &mut stage;
    let played = first::play(flow, stage_ref).await
        || queues::play(flow, stage_ref).await
        || blind::play(flow, stage_ref).await
        || attended::play(flow, stage_ref).await
        || blonde::play(flow, stage_ref).await
        || dialled::play(flow, stage_ref).await
        || forwards::play(flow, stage_ref).await
        || several::play(flow, stage_ref).await
        || freepbx::play(flow, stage_ref).await
        || midcall::play(flow, stage_ref).await;
    assert!(played, "no flow {flow}");
    stage.end().await;
}

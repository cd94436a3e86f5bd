//! The keeper of recordings, without a PBX: files appear in a folder, and calls in the database.

use std::path::{Path, PathBuf};

use belbrug::clock::{SystemClock, Timestamp};
use belbrug::ids::{AgentId, CallId};
use belbrug::recordings::keep::{self, Keeping, OVER_MAX, Over};
use belbrug::store::read::recordings::{Recording, RecordingState};
use belbrug::store::write::{RecordingEnd, RecordingWrite, Write};
use tokio::sync::mpsc;

use super::database::Database;
use super::ledger::{NOW, case, raw, user};
use crate::lab::until_async;

on_both! {
    what_becomes_of_recordings
    a_full_disk_is_an_alarm_until_there_is_room
    plays_are_written_down_once_and_only_added_to
}

/// A call in the database: `answered`, `ended` and its case as SQL says them.
async fn call(db: &Database, id: &str, answered: &str, ended: &str, case: &str) {
    let sql = format!(
        "INSERT INTO calls (id, direction, started_seen, answered_seen, ended_seen, case_id) VALUES ('{id}', 'inbound', 1, {answered}, {ended}, {case})"
    );
    raw(&db.url, Box::leak(sql.into_boxed_str())).await.expect("a call");
}

async fn due(db: &Database, id: &str) {
    db.writer.write(Write::Recording(RecordingWrite::Due(CallId::new(id), NOW))).await.expect("due");
}

/// A side's file, as the PBX leaves it.
fn side(folder: &Path, name: &str, samples: &[i16]) {
    let spec = hound::WavSpec { channels: 1, sample_rate: 8000, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(folder.join(name), spec).expect("a file");
    samples.iter().for_each(|sample| wav.write_sample(*sample).expect("a sample"));
    wav.finalize().expect("a whole file");
}

struct Keeper {
    folder: PathBuf,
    keep: PathBuf,
    over: mpsc::Sender<Over>,
}

impl Keeper {
    /// Folders for a keeper who is not at work yet.
    fn folders(db: &Database) -> (PathBuf, PathBuf) {
        let (folder, keep) = (db.folder.path().join("spool"), db.folder.path().join("keep/kept"));
        std::fs::create_dir(&folder).expect("the folder");
        (folder, keep)
    }

    fn start(db: &Database, folder: PathBuf, keep: PathBuf) -> Self {
        let (over, out) = mpsc::channel(OVER_MAX);
        let keeping = Keeping { folder: folder.clone(), keep: keep.clone(), creditors: ["Creditor BV".to_owned()].into() };
        tokio::spawn(keep::run(keeping, db.store.clone(), db.writer.clone(), SystemClock, out));
        Self { folder, keep, over }
    }

    async fn tell(&self, id: &str, due: bool) {
        self.over.send(Over { call: CallId::new(id), due }).await.expect("a keeper");
    }

    fn left(&self) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(&self.folder).expect("the folder").map(|f| f.expect("a file").file_name().into_string().expect("a name")).collect();
        names.sort();
        names
    }
}

async fn becomes(db: &Database, id: &str, state: RecordingState, why: &str) -> Recording {
    let recording = || async { db.store.recording(&CallId::new(id)).await.expect("read") };
    let found = until_async(|| async { recording().await.filter(|r| r.state == state && r.why == why) }).await;
    match found {
        Some(recording) => recording,
        None => panic!("{id} became {:?}", recording().await),
    }
}

mod scenes {
    use super::*;

    pub(super) async fn what_becomes_of_recordings(db: Database) {
        let own = case(&db).await.to_string();
        raw(&db.url, "INSERT INTO creditors (id, name) VALUES (77, 'Zonder Melding BV')").await.expect("a creditor");
        raw(&db.url, "INSERT INTO cases (id, debtor_id, creditor_id) SELECT 77, id, 77 FROM debtors").await.expect("a case");
        let (folder, keep) = Keeper::folders(&db);
        let sound: Vec<i16> = (0..8000).map(|n| n % 50).collect();
        for (id, answered, ended, case) in [
            ("crash-1.1", "2", "3", own.as_str()),
            ("good-1.2", "2", "NULL", own.as_str()),
            ("half-1.3", "2", "3", "NULL"),
            ("mute-1.4", "2", "3", "NULL"),
            ("gone-1.5", "2", "3", "NULL"),
            ("nobody-1.6", "NULL", "3", "NULL"),
            ("other-1.7", "2", "3", "77"),
            ("live-1.8", "2", "NULL", "NULL"),
        ] {
            call(&db, id, answered, ended, case).await;
            for name in [format!("{id}-agent.wav"), format!("{id}-debtor.wav")] {
                let is_silent = id.starts_with("mute") && name.contains("agent");
                match id {
                    "gone-1.5" => {}
                    "half-1.3" if name.contains("debtor") => {}
                    "nobody-1.6" => side(&folder, &name, &[]),
                    _ => side(&folder, &name, if is_silent { &[0; 8000] } else { &sound }),
                }
            }
        }
        std::fs::write(folder.join("readme.txt"), "not ours").expect("a stranger's file");
        due(&db, "crash-1.1").await;
        let keeper = Keeper::start(&db, folder, keep);
        // Nobody told of this one: it was left by a crash, and is found.
        let kept = becomes(&db, "crash-1.1", RecordingState::Ok, "").await;
        let bytes = std::fs::read(keeper.keep.join(&kept.name)).expect("the kept file");
        assert_eq!((kept.length_micros, kept.bytes), (1_000_000, 8000 * 4 + 44));
        assert_eq!(kept.sha256, hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
        for (id, due_too) in
            [("good-1.2", true), ("half-1.3", true), ("mute-1.4", true), ("gone-1.5", true), ("nobody-1.6", false), ("other-1.7", true)]
        {
            if due_too {
                due(&db, id).await;
            }
            keeper.tell(id, due_too).await;
        }
        becomes(&db, "good-1.2", RecordingState::Ok, "").await;
        assert!(!becomes(&db, "mute-1.4", RecordingState::Empty, "agent").await.name.is_empty(), "what there is, is kept");
        assert_eq!(becomes(&db, "other-1.7", RecordingState::Unwanted, "").await.name, "", "its creditor has no notice");
        becomes(&db, "half-1.3", RecordingState::Empty, "debtor").await;
        becomes(&db, "gone-1.5", RecordingState::Missing, "both").await;
        let only_live = until_async(|| async { (keeper.left() == ["live-1.8-agent.wav", "live-1.8-debtor.wav", "readme.txt"]).then_some(()) }).await;
        assert!(only_live.is_some(), "{:?}", keeper.left());
        assert_eq!(db.store.recording(&CallId::new("nobody-1.6")).await.expect("read"), None, "nobody spoke");
        assert_eq!(db.store.recording_alarms().await.expect("read"), 3);
        // A name that leads elsewhere is none.
        keeper.tell("../../etc/passwd", true).await;
        becomes(&db, "../../etc/passwd", RecordingState::Failed, "name").await;
    }

    pub(super) async fn a_full_disk_is_an_alarm_until_there_is_room(db: Database) {
        let (folder, keep) = Keeper::folders(&db);
        call(&db, "1.1", "2", "3", "NULL").await;
        due(&db, "1.1").await;
        side(&folder, "1.1-agent.wav", &[1; 100]);
        side(&folder, "1.1-debtor.wav", &[1; 100]);
        // Nothing can be written where recordings are kept.
        let in_the_way = keep.parent().expect("a parent").to_owned();
        std::fs::write(&in_the_way, "").expect("a file");
        let keeper = Keeper::start(&db, folder, keep);
        becomes(&db, "1.1", RecordingState::Failed, "disk").await;
        assert_eq!(keeper.left().len(), 2, "the PBX's files stay");
        std::fs::remove_file(in_the_way).expect("room");
        becomes(&db, "1.1", RecordingState::Ok, "").await;
        let none = until_async(|| async { keeper.left().is_empty().then_some(()) }).await;
        assert!(none.is_some(), "{:?}", keeper.left());
        assert_eq!(db.store.recording_alarms().await.expect("read"), 0);
    }

    pub(super) async fn plays_are_written_down_once_and_only_added_to(db: Database) {
        let (anna, bram) = (user(&db, "anna", None).await, user(&db, "bram", None).await);
        call(&db, "1.1", "2", "3", "NULL").await;
        let call_id = CallId::new("1.1");
        let end = |name: &str| RecordingEnd {
            call: call_id.clone(),
            state: RecordingState::Ok,
            why: "",
            name: name.to_owned(),
            sha256: "00".to_owned(),
            length_micros: 1,
            bytes: 1,
            at: NOW,
        };
        db.writer.write(Write::Recording(RecordingWrite::Ended(end("1.1.wav")))).await.expect("kept");
        db.writer.write(Write::Recording(RecordingWrite::Ended(RecordingEnd { state: RecordingState::Missing, ..end("") }))).await.expect("harmless");
        due(&db, "1.1").await;
        assert_eq!(db.store.recording(&call_id).await.expect("read").map(|r| r.state), Some(RecordingState::Ok), "what is kept stays kept");
        let play = |user: AgentId, seconds: i64| {
            let played = RecordingWrite::Played(call_id.clone(), user, Timestamp(NOW.0 + seconds * 1_000_000));
            async { db.writer.write(Write::Recording(played)).await.expect("written") }
        };
        for (user, seconds) in [(anna, 0), (anna, 1), (anna, 2), (bram, 3), (anna, 100)] {
            play(user, seconds).await;
        }
        let plays: Vec<String> = db.store.plays(&call_id).await.expect("read").into_iter().map(|play| play.who.into_revealed()).collect();
        assert_eq!(plays, ["ANNA", "BRAM", "ANNA"]);
        for sql in ["UPDATE recording_plays SET at = 0", "DELETE FROM recording_plays"] {
            assert!(raw(&db.url, sql).await.expect_err("append-only").to_string().contains("append-only"));
        }
        assert!(!db.store.spoke_in(anna, &call_id).await.expect("read"));
        raw(&db.url, "UPDATE calls SET agent_id = (SELECT id FROM users WHERE login = 'anna')").await.expect("hers");
        assert!(db.store.spoke_in(anna, &call_id).await.expect("read") && !db.store.spoke_in(bram, &call_id).await.expect("read"));
    }
}

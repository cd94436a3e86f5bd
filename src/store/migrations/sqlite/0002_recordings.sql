-- What became of the recording of a call. `running` until its two files are joined; `missing`, `empty` and `failed` are alarms.
CREATE TABLE recordings (
  call_id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('running', 'ok', 'missing', 'empty', 'failed', 'unwanted')),
  why TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '',
  sha256 TEXT NOT NULL DEFAULT '',
  length_micros INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX recordings_by_state ON recordings (state, at);

-- Who played which recording, and when: only ever added to.
CREATE TABLE recording_plays (
  id INTEGER PRIMARY KEY,
  call_id TEXT NOT NULL REFERENCES recordings (call_id),
  user_id INTEGER NOT NULL REFERENCES users (id),
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX recording_plays_by_call ON recording_plays (call_id, user_id, at);
CREATE TRIGGER recording_plays_are_never_changed BEFORE UPDATE ON recording_plays
BEGIN SELECT RAISE(ABORT, 'recording_plays is append-only'); END;
CREATE TRIGGER recording_plays_are_never_deleted BEFORE DELETE ON recording_plays
BEGIN SELECT RAISE(ABORT, 'recording_plays is append-only'); END;

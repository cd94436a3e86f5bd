-- What became of a call for which no outcome was written: nobody's call, or settled by a supervisor. Append-only as the ledger.
CREATE TABLE settlements (
  id INTEGER PRIMARY KEY,
  call_id TEXT NOT NULL UNIQUE REFERENCES calls (id),
  agent_id INTEGER REFERENCES users (id),
  by_id INTEGER NOT NULL REFERENCES users (id),
  at INTEGER NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('private', 'wrong_number', 'supplier', 'other', 'supervisor'))
) STRICT;
CREATE TRIGGER settlements_are_never_changed BEFORE UPDATE ON settlements
BEGIN SELECT RAISE(ABORT, 'settlements are append-only'); END;
CREATE TRIGGER settlements_are_never_deleted BEFORE DELETE ON settlements
BEGIN SELECT RAISE(ABORT, 'settlements are append-only: erase the text that one points to'); END;

-- What was written with it: erasable, while the settlement stays.
CREATE TABLE settlement_texts (
  settlement_id INTEGER PRIMARY KEY REFERENCES settlements (id),
  body TEXT NOT NULL
) STRICT;

-- From the end of the call to its outcome, by our clock.
ALTER TABLE calls ADD COLUMN wrap_micros INTEGER;

-- Further phones of the same person: extensions, with commas between.
ALTER TABLE users ADD COLUMN devices TEXT NOT NULL DEFAULT '';

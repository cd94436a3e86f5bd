-- When the PBX was in sight last, written every few seconds: whatever became of the service then, from here to its next
-- sign-in is a gap.
CREATE TABLE sight (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seen_at INTEGER NOT NULL
) STRICT;

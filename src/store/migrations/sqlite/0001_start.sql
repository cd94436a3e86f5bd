-- Money is integer cents, time is microseconds since the epoch (UTC), a day is text as 2026-11-23,
-- a telephone number is its E.164 digits as one integer. The same tables as in ../postgres.

CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin')),
  extension TEXT UNIQUE,
  language TEXT NOT NULL DEFAULT 'nl',
  password_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE creditors (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE debtors (
  id INTEGER PRIMARY KEY,
  reference TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('business', 'consumer')),
  language TEXT NOT NULL,
  street TEXT NOT NULL DEFAULT '',
  postcode TEXT NOT NULL DEFAULT '',
  city TEXT NOT NULL DEFAULT '',
  country TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  search_text TEXT NOT NULL
) STRICT;

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY,
  debtor_id INTEGER NOT NULL REFERENCES debtors (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL DEFAULT '',
  UNIQUE (debtor_id, name)
) STRICT;

CREATE TABLE numbers (
  id INTEGER PRIMARY KEY,
  debtor_id INTEGER NOT NULL REFERENCES debtors (id),
  contact_id INTEGER REFERENCES contacts (id),
  number INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'usable' CHECK (state IN ('usable', 'wrong', 'dead')),
  UNIQUE (debtor_id, number)
) STRICT;
CREATE INDEX numbers_by_number ON numbers (number, debtor_id) WHERE state = 'usable';

CREATE TABLE cases (
  id INTEGER PRIMARY KEY,
  debtor_id INTEGER NOT NULL REFERENCES debtors (id),
  creditor_id INTEGER NOT NULL REFERENCES creditors (id),
  stage INTEGER NOT NULL DEFAULT 1,
  last_attempt_at INTEGER,
  UNIQUE (debtor_id, creditor_id)
) STRICT;
CREATE INDEX cases_by_creditor ON cases (creditor_id);

CREATE TABLE invoices (
  id INTEGER PRIMARY KEY,
  case_id INTEGER NOT NULL REFERENCES cases (id),
  number TEXT NOT NULL,
  issued_on TEXT NOT NULL,
  due_on TEXT NOT NULL,
  amount_cents INTEGER NOT NULL,
  open_cents INTEGER NOT NULL,
  order_no TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'disputed', 'settled')),
  import_id INTEGER,
  UNIQUE (case_id, number)
) STRICT;
CREATE INDEX invoices_open ON invoices (case_id, due_on) WHERE state <> 'settled';
CREATE INDEX invoices_by_number ON invoices (number);

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  direction TEXT NOT NULL,
  agent_id INTEGER REFERENCES users (id),
  case_id INTEGER REFERENCES cases (id),
  number INTEGER,
  name TEXT NOT NULL DEFAULT '',
  dialled TEXT NOT NULL DEFAULT '',
  queue TEXT NOT NULL DEFAULT '',
  started_seen INTEGER NOT NULL,
  ringing_seen INTEGER,
  answered_seen INTEGER,
  ended_seen INTEGER,
  ringing_pbx INTEGER,
  answered_pbx INTEGER,
  ended_pbx INTEGER,
  hold_micros INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  cause INTEGER,
  abandoned INTEGER NOT NULL DEFAULT 0,
  owes_outcome INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX calls_by_time ON calls (started_seen);
CREATE INDEX calls_by_case ON calls (case_id, started_seen);
CREATE INDEX calls_owed ON calls (agent_id) WHERE owes_outcome = 1;

CREATE TABLE legs (
  call_id TEXT NOT NULL REFERENCES calls (id),
  uniqueid TEXT NOT NULL,
  channel TEXT NOT NULL,
  extension TEXT NOT NULL DEFAULT '',
  rung_seen INTEGER,
  answered_seen INTEGER,
  ended_seen INTEGER,
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (call_id, uniqueid)
) STRICT;

CREATE TABLE call_events (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  call_id TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  pbx_at INTEGER,
  certainty TEXT NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL DEFAULT '',
  extension TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX call_events_by_call ON call_events (call_id, seen_at);

-- What the bridge could not write down, or did not see: never a silent hole.
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('link', 'journal')),
  from_at INTEGER NOT NULL,
  to_at INTEGER,
  events_lost INTEGER NOT NULL DEFAULT 0,
  why TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  agent_id INTEGER NOT NULL REFERENCES users (id),
  case_id INTEGER NOT NULL REFERENCES cases (id),
  call_id TEXT,
  code TEXT NOT NULL,
  amount_cents INTEGER,
  detail TEXT NOT NULL,
  corrects INTEGER REFERENCES ledger (id)
) STRICT;
CREATE INDEX ledger_by_case ON ledger (case_id, at);
CREATE INDEX ledger_by_time ON ledger (at);
CREATE INDEX ledger_by_call ON ledger (call_id);
CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: write an entry that corrects this one'); END;
CREATE TRIGGER ledger_is_never_deleted BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: erase the texts that an entry points to'); END;

-- Names and free text of ledger entries: erasable, while the entry stays.
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES ledger (id),
  field TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (entry_id, field)
) STRICT;

CREATE TABLE follow_ups (
  id INTEGER PRIMARY KEY,
  entry_id INTEGER NOT NULL REFERENCES ledger (id),
  case_id INTEGER NOT NULL REFERENCES cases (id),
  agent_id INTEGER NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  due_on TEXT NOT NULL,
  due_at INTEGER,
  amount_cents INTEGER,
  number INTEGER,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done'))
) STRICT;
CREATE INDEX follow_ups_open ON follow_ups (case_id, due_on) WHERE state = 'open';

CREATE TABLE drafts (
  agent_id INTEGER NOT NULL REFERENCES users (id),
  case_id INTEGER NOT NULL REFERENCES cases (id),
  version INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  form TEXT NOT NULL,
  PRIMARY KEY (agent_id, case_id)
) STRICT;

CREATE TABLE seats (
  agent_id INTEGER PRIMARY KEY REFERENCES users (id),
  state TEXT NOT NULL
) STRICT;

CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  creditor_id INTEGER REFERENCES creditors (id)
) STRICT;

-- How the calls that Belbrug carried itself were heard: from the exchange, and from the agent's browser.
CREATE TABLE call_quality (
  call_id TEXT PRIMARY KEY,
  heard_packets INTEGER NOT NULL,
  heard_lost INTEGER NOT NULL,
  heard_jitter_micros INTEGER NOT NULL,
  said_packets INTEGER NOT NULL,
  said_lost INTEGER NOT NULL,
  said_jitter_micros INTEGER NOT NULL,
  round_trip_micros INTEGER,
  mos_hundredths INTEGER NOT NULL
) STRICT;

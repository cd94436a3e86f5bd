-- How the calls that Belbrug carried itself were heard: from the exchange, and from the agent's browser.
CREATE TABLE call_quality (
  call_id TEXT PRIMARY KEY,
  heard_packets BIGINT NOT NULL,
  heard_lost BIGINT NOT NULL,
  heard_jitter_micros BIGINT NOT NULL,
  said_packets BIGINT NOT NULL,
  said_lost BIGINT NOT NULL,
  said_jitter_micros BIGINT NOT NULL,
  round_trip_micros BIGINT,
  mos_hundredths BIGINT NOT NULL
);

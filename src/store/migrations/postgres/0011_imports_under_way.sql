-- Whether an import is under way, and how often it wrote: a service that keeps numbers in memory sees by this when they
-- must not be believed.
ALTER TABLE imports ADD COLUMN ended BIGINT NOT NULL DEFAULT 1;
ALTER TABLE imports ADD COLUMN writes BIGINT NOT NULL DEFAULT 0;

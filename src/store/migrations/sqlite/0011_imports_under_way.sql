-- Whether an import is under way, and how often it wrote: a service that keeps numbers in memory sees by this when they
-- must not be believed.
ALTER TABLE imports ADD COLUMN ended INTEGER NOT NULL DEFAULT 1;
ALTER TABLE imports ADD COLUMN writes INTEGER NOT NULL DEFAULT 0;

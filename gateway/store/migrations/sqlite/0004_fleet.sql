-- What the sealed record says too, so that records can be compared without opening them. NULL: a program
-- without fleets wrote the record. The other tables of a fleet are PostgreSQL's.
ALTER TABLE grants ADD COLUMN version BIGINT;
ALTER TABLE grants ADD COLUMN owner TEXT;
ALTER TABLE grants ADD COLUMN fence BIGINT;

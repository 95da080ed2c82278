-- The gateways that use the database now. A gateway is alive while `until` lies ahead by the database's clock
-- and nobody found it dead; that is for good.
CREATE TABLE replicas (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    schema BIGINT NOT NULL,
    plugins TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    dead BOOLEAN NOT NULL,
    accounts BIGINT NOT NULL,
    timeline TEXT
);
-- Who requests tokens for an account: the owner, as long as it is alive. `fence` counts the owners.
CREATE TABLE owners (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (name) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    fence BIGINT NOT NULL
);
CREATE INDEX owners_owner ON owners (owner);
-- How far the token requests of a client id are drawn ahead, for all gateways together.
CREATE TABLE budgets (
    client TEXT NOT NULL PRIMARY KEY,
    full_at TIMESTAMPTZ NOT NULL
);
-- Which gateway does what one of them is enough for.
CREATE TABLE duties (
    duty TEXT NOT NULL PRIMARY KEY,
    replica TEXT NOT NULL
);
-- What the sealed record says too, so that gateways can compare records without opening them. NULL: a
-- program without fleets wrote the record.
ALTER TABLE grants ADD COLUMN version BIGINT;
ALTER TABLE grants ADD COLUMN owner TEXT;
ALTER TABLE grants ADD COLUMN fence BIGINT;

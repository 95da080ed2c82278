-- Sessions of the web interface. `id` is the digest of what the browser holds, and `token` that of the admin token.
-- `mac` covers both and `begun_at`, so that who can write the database cannot make a session. `said` is what the next
-- page says once, and `kept` is sealed.
CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    token BYTEA NOT NULL,
    begun_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    said TEXT,
    kept BYTEA,
    mac BYTEA NOT NULL
);
CREATE INDEX sessions_token ON sessions (token);

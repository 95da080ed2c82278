-- Every record that carries a secret or a right is one sealed document; the columns beside it are
-- only what uniqueness and look-ups need. Journals hold no secrets and are plain.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);
CREATE TABLE accounts (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
);
-- Names and aliases together, so that neither can be taken twice.
CREATE TABLE account_names (
    name TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (name)
);
-- `done_intent` is the presentation that was completed last: a writer that did not hear of its
-- commit asks for it.
CREATE TABLE grants (
    account TEXT NOT NULL PRIMARY KEY,
    done_intent TEXT,
    sealed BLOB NOT NULL
);
CREATE TABLE consents (
    state BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    sealed BLOB
);
CREATE TABLE apps (
    name TEXT NOT NULL PRIMARY KEY,
    client_id TEXT UNIQUE,
    key_digest BLOB UNIQUE,
    sealed BLOB NOT NULL
);
CREATE TABLE legacy_keys (
    digest BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE TABLE admin_tokens (
    name TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    sealed BLOB NOT NULL
);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    outcome TEXT
);
CREATE INDEX audit_at ON audit (at);
CREATE TABLE renewals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    message TEXT
);
CREATE INDEX renewals_account ON renewals (account, id);
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    day TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    message TEXT NOT NULL,
    webhook_at BIGINT,
    mail_at BIGINT,
    closed_at BIGINT,
    UNIQUE (account, kind, day)
);
CREATE TABLE key_migrations (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    backup TEXT,
    items TEXT NOT NULL
);

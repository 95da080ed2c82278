-- Invitations to sign in at the carrier of an account. `revision` is in the sealed record as well: two changes
-- of an invitation at once exclude each other by it.
CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX invitations_account ON invitations (account);

-- What a plugin said about its carrier when it was active last, for starts at which its file cannot be used.
CREATE TABLE manifests (
    carrier TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

-- What a change needs to find without opening every record. The program fills it from the sealed
-- records once, and then keeps it in the transaction that writes them.
CREATE TABLE app_accounts (
    app TEXT NOT NULL REFERENCES apps (name) ON DELETE CASCADE,
    account TEXT NOT NULL,
    PRIMARY KEY (app, account)
);
CREATE INDEX app_accounts_account ON app_accounts (account);
-- `carrier/environment`, if the account is the default there.
ALTER TABLE accounts ADD COLUMN default_of TEXT;
CREATE INDEX accounts_default_of ON accounts (default_of);
ALTER TABLE legacy_keys ADD COLUMN app TEXT;
CREATE INDEX legacy_keys_app ON legacy_keys (app);
CREATE INDEX legacy_keys_account ON legacy_keys (account);
CREATE INDEX consents_account ON consents (account);

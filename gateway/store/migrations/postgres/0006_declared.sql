-- A digest of the accounts and apps of a gateway's configuration file, so that two gateways with different
-- files are noticed. Empty: an older program runs there.
ALTER TABLE replicas ADD COLUMN declared TEXT NOT NULL DEFAULT '';

-- A workspace may have several connections to one provider: each has a name of its own in addresses.
ALTER TABLE connections ADD COLUMN slug TEXT NOT NULL DEFAULT '';
UPDATE connections SET slug = provider;
DROP INDEX connections_one;
CREATE UNIQUE INDEX connections_one ON connections (workspace_id, slug);

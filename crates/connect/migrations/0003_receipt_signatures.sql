-- Receipts are signed: Ed25519 over the statement, byte for byte, with the installation's own key. Older ones are not.
ALTER TABLE connect_receipts ADD COLUMN public_key TEXT;
ALTER TABLE connect_receipts ADD COLUMN signature TEXT;

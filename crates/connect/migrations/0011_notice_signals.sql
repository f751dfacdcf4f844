-- The objects that a notice named, ids only, so that it can be taken up again.
ALTER TABLE connect_notices ADD COLUMN named {json};

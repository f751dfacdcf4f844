-- When a listing last named the object: one that a whole listing no longer names is asked after.
ALTER TABLE connect_versions ADD COLUMN seen_at {ts};

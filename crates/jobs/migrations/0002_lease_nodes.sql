-- The node that holds a lease, as far as others can see whether it lives: leases of one that is gone are free at once.
ALTER TABLE jobs ADD COLUMN lease_node BIGINT;

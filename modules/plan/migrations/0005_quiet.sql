-- When a better plan is looked for, and what is done with it. Who has no row has it looked for whenever it is quiet, and offered.
CREATE TABLE plan_quiet (
    workspace_id {uuid} NOT NULL,
    -- From 0 to 23, by the clock of the zone; none for whenever it is quiet.
    hour BIGINT,
    zone TEXT NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (workspace_id)
);

-- Named hours of the week that tasks may be restricted to, by the clock of whoever does them.
CREATE TABLE plan_hours_sets (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    week {json} NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX plan_hours_sets_name ON plan_hours_sets (workspace_id, name_key);

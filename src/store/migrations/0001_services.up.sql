-- Services that were defined through the API. A service that is saved again is a new row, so that
-- its revision is new too; AUTOINCREMENT never gives a number twice, also after deletions.
CREATE TABLE services (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;

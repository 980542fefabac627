-- +goose Up
-- What other systems of the operator are still to be told of accounts. No key leads to accounts: they may
-- be gone by then. next_at is 0 until the first attempt, so that it does not date the act.
CREATE TABLE announcements (
    id         BIGINT NOT NULL PRIMARY KEY,
    event      TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    tries      INTEGER NOT NULL,
    next_at    BIGINT NOT NULL
);
CREATE INDEX announcements_next ON announcements (next_at);

-- +goose Down
DROP TABLE announcements;

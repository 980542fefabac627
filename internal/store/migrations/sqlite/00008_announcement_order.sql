-- +goose Up
-- What happened to an account is told in order. seq counts acts and dates none.
CREATE TABLE ordered_announcements (
    seq        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id         BIGINT NOT NULL UNIQUE,
    event      TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    tries      INTEGER NOT NULL,
    next_at    BIGINT NOT NULL
);
INSERT INTO ordered_announcements (id, event, account_id, tries, next_at)
    SELECT id, event, account_id, tries, next_at FROM announcements ORDER BY rowid;
DROP TABLE announcements;
ALTER TABLE ordered_announcements RENAME TO announcements;
CREATE INDEX announcements_next ON announcements (next_at);
CREATE INDEX announcements_account ON announcements (account_id, seq);

-- +goose Down
DROP INDEX announcements_account;
CREATE TABLE unordered_announcements (
    id         BIGINT NOT NULL PRIMARY KEY,
    event      TEXT NOT NULL,
    account_id BIGINT NOT NULL,
    tries      INTEGER NOT NULL,
    next_at    BIGINT NOT NULL
);
INSERT INTO unordered_announcements (id, event, account_id, tries, next_at)
    SELECT id, event, account_id, tries, next_at FROM announcements;
DROP TABLE announcements;
ALTER TABLE unordered_announcements RENAME TO announcements;
CREATE INDEX announcements_next ON announcements (next_at);

-- +goose Up
-- What happened to an account is told in order. seq counts acts and dates none.
ALTER TABLE announcements ADD COLUMN seq BIGINT GENERATED ALWAYS AS IDENTITY;
CREATE INDEX announcements_account ON announcements (account_id, seq);

-- +goose Down
DROP INDEX announcements_account;
ALTER TABLE announcements DROP COLUMN seq;

-- +goose Up
-- The last step of an app's codes lies in the sealed value: here it would tell to half a minute when
-- somebody signed in.
ALTER TABLE factors DROP COLUMN last_step;

-- +goose Down
ALTER TABLE factors ADD COLUMN last_step BIGINT NOT NULL DEFAULT 0;

-- +goose Up
-- Identities that were unlinked from an account lately: disabling the account disables them too. until is cut
-- to the hour.
CREATE TABLE unbound_tags (
    tag        BLOB NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    until      BIGINT NOT NULL,
    PRIMARY KEY (account_id, tag)
) WITHOUT ROWID;
CREATE INDEX unbound_tags_until ON unbound_tags (until);

-- +goose Down
DROP TABLE unbound_tags;

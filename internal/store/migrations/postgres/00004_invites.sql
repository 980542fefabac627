-- +goose Up
-- Links into a room. The code itself is not here: whoever steals the database cannot walk in.
CREATE TABLE invites (
    tag        BYTEA NOT NULL PRIMARY KEY,
    room_id    BIGINT NOT NULL,
    uses       INTEGER NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX invites_room ON invites (room_id);

-- +goose Down
DROP TABLE invites;

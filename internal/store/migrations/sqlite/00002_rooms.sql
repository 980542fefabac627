-- +goose Up
-- Narrow, because every message makes a new version of its room's row. head counts all stored
-- changes of the room, rev is the seq of the last change of the room itself or of its members.
CREATE TABLE rooms (
    id         BIGINT NOT NULL PRIMARY KEY,
    head       BIGINT NOT NULL,
    rev        BIGINT NOT NULL,
    first_seq  BIGINT NOT NULL,
    epoch      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    title      TEXT NOT NULL,
    visibility TEXT NOT NULL,
    capacity   INTEGER NOT NULL,
    created_at BIGINT NOT NULL
);

-- No foreign keys: they cost half of the write path. Room and author are checked by the appender.
CREATE TABLE messages (
    room_id    BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    rev        BIGINT NOT NULL,
    profile_id BIGINT NOT NULL,
    cid        BLOB NOT NULL,
    draft_hash BLOB NOT NULL,
    content    TEXT NOT NULL CHECK (length(content) <= 4000),
    reply_to   BIGINT,
    created_at BIGINT NOT NULL,
    edited_at  BIGINT,
    deleted_at BIGINT,
    PRIMARY KEY (room_id, seq),
    UNIQUE (room_id, profile_id, cid)
);
CREATE INDEX messages_changed ON messages (room_id, rev) WHERE rev <> seq;

-- +goose Down
DROP TABLE messages;
DROP TABLE rooms;

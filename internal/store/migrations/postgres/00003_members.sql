-- +goose Up
-- What a small room has beyond the global one. title_key is the title folded, for the search.
ALTER TABLE rooms ADD COLUMN owner_id BIGINT;
ALTER TABLE rooms ADD COLUMN title_key TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN locked BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE rooms ADD COLUMN expires_at BIGINT;
ALTER TABLE rooms ADD COLUMN closed_at BIGINT;

-- Who sits in a small room. Seats are numbered, so that two masks can never have the same one,
-- whatever the program believes; there is no time at which somebody came.
CREATE TABLE members (
    room_id    BIGINT NOT NULL,
    seat       INTEGER NOT NULL CHECK (seat BETWEEN 1 AND 6),
    profile_id BIGINT NOT NULL,
    PRIMARY KEY (room_id, profile_id),
    UNIQUE (room_id, seat)
);
CREATE INDEX members_profile ON members (profile_id);

-- +goose Down
DROP TABLE members;
ALTER TABLE rooms DROP COLUMN closed_at;
ALTER TABLE rooms DROP COLUMN expires_at;
ALTER TABLE rooms DROP COLUMN locked;
ALTER TABLE rooms DROP COLUMN title_key;
ALTER TABLE rooms DROP COLUMN owner_id;

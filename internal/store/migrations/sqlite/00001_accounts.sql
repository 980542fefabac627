-- +goose Up
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

-- Who may sign in. Found by tags; what is reversible is sealed. Ids are random, rows lie in key order.
CREATE TABLE accounts (
    id              BIGINT NOT NULL PRIMARY KEY,
    short_id        TEXT NOT NULL UNIQUE,
    telegram_tag    BLOB UNIQUE,
    email_tag       BLOB UNIQUE,
    name_tag        BLOB UNIQUE,
    sealed_telegram BLOB,
    sealed_email    BLOB,
    email_verified  BOOLEAN NOT NULL,
    password_hash   TEXT,
    language        TEXT NOT NULL,
    roles           TEXT NOT NULL,
    active          BOOLEAN NOT NULL,
    token_epoch     BIGINT NOT NULL,
    generation      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
) WITHOUT ROWID;

-- One sign-in on one device. Holds neither a token nor a hash of one, and never a profile id.
CREATE TABLE sessions (
    id           TEXT NOT NULL PRIMARY KEY,
    account_id   BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_epoch  BIGINT NOT NULL,
    generation   BIGINT NOT NULL,
    confirmed    BOOLEAN NOT NULL,
    salt         BLOB NOT NULL,
    methods      TEXT NOT NULL,
    device       TEXT NOT NULL,
    client       TEXT NOT NULL,
    os           TEXT NOT NULL,
    ip           TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    stepped_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT,
    revoked_why  TEXT
) WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE audit (
    id         BIGINT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    account_id BIGINT,
    session_id TEXT,
    actor_id   BIGINT,
    request_id TEXT NOT NULL,
    ip         TEXT NOT NULL,
    country    TEXT NOT NULL,
    agent      TEXT NOT NULL,
    detail     TEXT NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, at);
CREATE INDEX audit_at ON audit (at);

-- The masks. No key and no id leads from here to accounts: owner_tag finds the present mask of an
-- account and is gone once the mask is put down; escrow opens with the root key for some days more.
CREATE TABLE profiles (
    id           BIGINT NOT NULL PRIMARY KEY,
    owner_tag    BLOB UNIQUE,
    escrow       BLOB,
    nickname     TEXT,
    nickname_key TEXT UNIQUE,
    seed         TEXT,
    color        INTEGER NOT NULL,
    bio          TEXT NOT NULL,
    created_day  BIGINT NOT NULL,
    used_day     BIGINT NOT NULL,
    down_day     BIGINT,
    erase_at     BIGINT
) WITHOUT ROWID;
CREATE INDEX profiles_used ON profiles (used_day) WHERE owner_tag IS NOT NULL;
CREATE INDEX profiles_erase ON profiles (erase_at) WHERE erase_at IS NOT NULL;

-- Nicknames of erased masks, as tags, until somebody else may wear them.
CREATE TABLE resting_names (
    tag      BLOB NOT NULL PRIMARY KEY,
    free_day BIGINT NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE resting_names;
DROP TABLE profiles;
DROP TABLE audit;
DROP TABLE sessions;
DROP TABLE accounts;
DROP TABLE meta;

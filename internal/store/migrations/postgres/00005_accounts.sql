-- +goose Up
-- Names that a person gave himself, and when a second factor is asked for: 'password' or 'all'.
ALTER TABLE accounts ADD COLUMN sealed_names BYTEA;
ALTER TABLE accounts ADD COLUMN mfa_for TEXT NOT NULL DEFAULT 'password';

-- Until when a session may do what needs a fresh proof; rounded up, so that it does not date the proof.
ALTER TABLE sessions ADD COLUMN fresh_until BIGINT;
ALTER TABLE sessions ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN device_tag BYTEA;

-- Devices that an account has signed in from, as tags. first_seen is cut to the hour.
CREATE TABLE devices (
    account_id    BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    tag           BYTEA NOT NULL,
    name          TEXT NOT NULL,
    first_seen    BIGINT NOT NULL,
    trusted_until BIGINT,
    PRIMARY KEY (account_id, tag)
);

-- Second factors and passkeys. lookup finds a passkey by its credential id. An enrolment that was
-- never finished is not active and proves nothing.
CREATE TABLE factors (
    id         TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    lookup     BYTEA UNIQUE,
    last_step  BIGINT NOT NULL,
    active     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX factors_account ON factors (account_id);

CREATE TABLE recovery_codes (
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    hash       BYTEA NOT NULL,
    used       BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, hash)
);

-- Proofs that wait for another one, found by the hash of their token. A sign-in keeps here what its
-- session will be made of; state is what a passkey ceremony has to remember.
CREATE TABLE challenges (
    hash            BYTEA NOT NULL PRIMARY KEY,
    purpose         TEXT NOT NULL,
    account_id      BIGINT REFERENCES accounts (id) ON DELETE CASCADE,
    token_epoch     BIGINT NOT NULL,
    methods         TEXT NOT NULL,
    detail          TEXT NOT NULL,
    device          TEXT NOT NULL,
    client          TEXT NOT NULL,
    os              TEXT NOT NULL,
    device_tag      BYTEA,
    ip              TEXT NOT NULL,
    country         TEXT NOT NULL,
    factors         TEXT NOT NULL,
    state           BYTEA,
    code_factor     TEXT NOT NULL,
    code_hash       BYTEA,
    code_expires_at BIGINT,
    attempts        INTEGER NOT NULL,
    used            BOOLEAN NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX challenges_account ON challenges (account_id);
CREATE INDEX challenges_expires ON challenges (expires_at);

-- Links in mails, found by the hash of their token. sealed is what a claim wants to bind.
CREATE TABLE mail_tokens (
    hash       BYTEA NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    email_tag  BYTEA NOT NULL,
    sealed     BYTEA,
    used       BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mail_tokens_account ON mail_tokens (account_id, kind);
CREATE INDEX mail_tokens_expires ON mail_tokens (expires_at);

-- Failed proofs, counted under a tag that also stands for people who do not exist.
CREATE TABLE lockouts (
    tag          BYTEA NOT NULL PRIMARY KEY,
    failures     INTEGER NOT NULL,
    since        BIGINT NOT NULL,
    locks        INTEGER NOT NULL,
    locked_until BIGINT NOT NULL
);
CREATE INDEX lockouts_since ON lockouts (since);

-- Identities that may not sign in: an account that is deleted and made again is still disabled.
CREATE TABLE disabled_tags (
    tag BYTEA NOT NULL PRIMARY KEY
);

-- Identities at OpenID Connect issuers.
CREATE TABLE external_identities (
    tag        BYTEA NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    issuer     TEXT NOT NULL
);
CREATE INDEX external_identities_account ON external_identities (account_id);

-- +goose Down
DROP TABLE external_identities;
DROP TABLE disabled_tags;
DROP TABLE lockouts;
DROP TABLE mail_tokens;
DROP TABLE challenges;
DROP TABLE recovery_codes;
DROP TABLE factors;
DROP TABLE devices;
ALTER TABLE sessions DROP COLUMN device_tag;
ALTER TABLE sessions DROP COLUMN country;
ALTER TABLE sessions DROP COLUMN fresh_until;
ALTER TABLE accounts DROP COLUMN mfa_for;
ALTER TABLE accounts DROP COLUMN sealed_names;

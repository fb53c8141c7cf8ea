-- Who may do what over the API. A key is shown once, when it is made; here is only its digest.

CREATE TABLE dateline.api_keys (
    id         text PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    role       text NOT NULL CHECK (role IN ('reader', 'reporter', 'editor', 'admin')),
    digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
    sources    uuid[],
    stories    uuid[],
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE dateline.api_keys IS 'API keys: whose they are, and what may be done with them.';
COMMENT ON COLUMN dateline.api_keys.name IS 'The actor of what is recorded with it.';
COMMENT ON COLUMN dateline.api_keys.digest IS 'SHA-256 of the secret, which is 256 random bits.';
COMMENT ON COLUMN dateline.api_keys.sources IS 'The outlets that it is limited to; null: all.';
COMMENT ON COLUMN dateline.api_keys.stories IS 'The stories that it is limited to; null: all.';

-- The log, its content, its idempotency keys and its erasures.

CREATE TABLE dateline.log (
    position    bigint PRIMARY KEY CHECK (position > 0),
    recorded_at timestamptz NOT NULL,
    reported_at timestamptz,
    stream_id   uuid NOT NULL,
    parent_id   uuid,
    version     integer NOT NULL CHECK (version > 0),
    type        text NOT NULL,
    actor       text NOT NULL,
    reason      text,
    key         text,
    digest      bytea NOT NULL,
    CONSTRAINT log_stream UNIQUE (stream_id, version)
);
CREATE INDEX log_parent ON dateline.log (parent_id, position) WHERE parent_id IS NOT NULL;
COMMENT ON TABLE dateline.log IS 'Every event, in the order of recording. Never rewritten.';
COMMENT ON COLUMN dateline.log.digest IS 'sha256(salt || content), computed by the database';

CREATE TABLE dateline.log_content (
    position bigint PRIMARY KEY,
    salt     bytea NOT NULL CHECK (length(salt) = 16),
    content  text NOT NULL
);
COMMENT ON TABLE dateline.log_content IS 'What the events say. A row goes only by erasure.';

CREATE TABLE dateline.keys (
    key            text PRIMARY KEY,
    request_digest bytea NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    recorded_at    timestamptz NOT NULL
);
COMMENT ON TABLE dateline.keys IS 'Idempotency keys and what they stood for.';

CREATE TABLE dateline.erasures (
    position    bigint PRIMARY KEY,
    erased_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       text NOT NULL CHECK (actor <> ''),
    ground      text NOT NULL CHECK (ground <> ''),
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE dateline.erasures IS 'Whose content was erased, by whom, and on what ground.';

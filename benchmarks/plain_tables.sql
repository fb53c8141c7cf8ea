-- The same rows as the read model's about now, as plain tables for the peers that want those.
CREATE SCHEMA plain;

CREATE TABLE plain.sources (id uuid PRIMARY KEY, name text NOT NULL);
INSERT INTO plain.sources
    SELECT source_id, name FROM read.sources WHERE position_to = 9223372036854775807;

CREATE TABLE plain.stories (id uuid PRIMARY KEY, slug text NOT NULL);
INSERT INTO plain.stories SELECT story_id, slug FROM read.stories;

CREATE TABLE plain.claims (
    id uuid PRIMARY KEY,
    story_id uuid REFERENCES plain.stories,
    outlet_id uuid REFERENCES plain.sources,
    statement text NOT NULL,
    status text NOT NULL,
    reported_at timestamptz NOT NULL
);
INSERT INTO plain.claims
    SELECT claim_id, story_id, outlet_id, statement, status, first_reported_at FROM read.claims
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;
CREATE INDEX ON plain.claims (story_id, reported_at DESC, id DESC);
CREATE INDEX ON plain.claims (outlet_id);

CREATE TABLE plain.steps (
    claim_id uuid NOT NULL REFERENCES plain.claims,
    place integer NOT NULL,
    source_id uuid NOT NULL REFERENCES plain.sources,
    verb text NOT NULL,
    PRIMARY KEY (claim_id, place)
);
INSERT INTO plain.steps
    SELECT claim_id, a.n, (a.v ->> 'source')::uuid, a.v ->> 'verb'
    FROM read.claims, jsonb_array_elements(state -> 'attribution') WITH ORDINALITY a (v, n)
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;
CREATE INDEX ON plain.steps (source_id);

CREATE TABLE plain.events (
    position bigint PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES plain.claims,
    sequence integer NOT NULL,
    reported_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL
);
INSERT INTO plain.events
    SELECT position, subject_id, sequence, reported_at, recorded_at, actor FROM read.events
    WHERE type LIKE 'claim.%';
CREATE INDEX ON plain.events (claim_id, reported_at, position);

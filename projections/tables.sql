-- The tables of one generation of the read model, with the indexes that the projector needs. They are made inside a schema of their own,
-- which is named by search_path: `read` for the live one, `read_next` while it is rebuilt.
--
-- Claims and reports are bitemporal: a row is a stretch of reporting time [reported_from,
-- reported_to) by a stretch of log positions [position_from, position_to) over which the state does
-- not change. A row that had no end in reporting time is cut short when a later event becomes known:
-- below the position `capped_from` it still has none. Rows of one subject never overlap. An open end
-- is 'infinity' and 9223372036854775807.
-- Sources and stories change with the position alone.

-- How far the log has been projected into this generation.
CREATE TABLE progress (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- what the tables and the fold looked like when this generation was begun
    shape text NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz,
    projected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- whether indexes.sql has been run
    indexed boolean NOT NULL DEFAULT false
);

CREATE TABLE claims (
    claim_id uuid NOT NULL,
    reported_from timestamptz NOT NULL,
    reported_to timestamptz NOT NULL,
    position_from bigint NOT NULL,
    position_to bigint NOT NULL,
    capped_from bigint NOT NULL,
    story_id uuid,
    report_id uuid NOT NULL,
    outlet_id uuid,
    first_reported_at timestamptz NOT NULL,
    status text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    -- the claims that it contradicts, and everybody in its chain, the outlet included
    contradicts uuid[] NOT NULL,
    -- the claims that it repeats
    repeats uuid[] NOT NULL,
    sources uuid[] NOT NULL,
    -- null where it was erased
    statement text,
    -- of the time first reported
    "precision" text COLLATE "C" NOT NULL,
    last_changed_at timestamptz NOT NULL,
    declared_changes integer NOT NULL,
    silent_changes integer NOT NULL,
    reviewed boolean NOT NULL,
    -- the days that it can speak of; null where that is not known
    about daterange,
    -- domain.claim.Claim as JSON
    state jsonb NOT NULL,
    -- the statement's row in claim_wordings
    wording uuid,
    PRIMARY KEY (claim_id, position_from, reported_from)
) WITH (
    -- Index-only reads of the past need pages that are known to be visible to all.
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.05
);
CREATE UNIQUE INDEX claims_now_by_claim ON claims (claim_id)
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;

-- Every source that was ever in a claim's chain (also as outlet); the row of the claim decides
-- whether it is there at the moment asked about.
CREATE TABLE claim_sources (
    source_id uuid NOT NULL,
    first_reported_at timestamptz NOT NULL,
    claim_id uuid NOT NULL,
    PRIMARY KEY (source_id, first_reported_at, claim_id)
);

-- Every term that a claim ever came under (projections.terms); the row decides, as above.
CREATE TABLE claim_terms (
    term uuid NOT NULL,
    first_reported_at timestamptz NOT NULL,
    claim_id uuid NOT NULL,
    PRIMARY KEY (term, first_reported_at, claim_id)
);

-- Every wording that a claim's statement ever had; the row decides, as above. The words are not in
-- the row itself: a search reads those of all that fit, and these rows are small.
CREATE TABLE claim_wordings (
    claim_id uuid NOT NULL,
    wording uuid NOT NULL,
    first_reported_at timestamptz NOT NULL,
    -- how the words of the statement's language are stemmed
    dictionary regconfig NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (claim_id, wording)
);

-- Every time that a claim ever spoke of; the row decides, as above.
CREATE TABLE claim_abouts (
    claim_id uuid NOT NULL,
    about daterange NOT NULL,
    PRIMARY KEY (claim_id, about)
);

-- Every claim that ever bore on another; the row of the first decides, as above.
CREATE TABLE claim_links (
    to_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    from_id uuid NOT NULL,
    PRIMARY KEY (to_id, kind, from_id)
);

CREATE TABLE reports (
    report_id uuid NOT NULL,
    reported_from timestamptz NOT NULL,
    reported_to timestamptz NOT NULL,
    position_from bigint NOT NULL,
    position_to bigint NOT NULL,
    capped_from bigint NOT NULL,
    outlet_id uuid,
    withdrawn boolean NOT NULL,
    first_reported_at timestamptz NOT NULL,
    -- of the time first reported
    "precision" text COLLATE "C" NOT NULL,
    -- domain.catalogue.Report as JSON
    state jsonb NOT NULL,
    PRIMARY KEY (report_id, position_from, reported_from)
);

-- Every address at which a report was ever found. An address can be longer than an index entry
-- may be, so its digest is indexed.
CREATE TABLE report_urls (
    report_id uuid NOT NULL,
    url text NOT NULL
);
CREATE UNIQUE INDEX report_urls_by_url ON report_urls (md5(url), report_id);

CREATE TABLE sources (
    source_id uuid NOT NULL,
    position_from bigint NOT NULL,
    position_to bigint NOT NULL,
    -- under whose name it goes: its own, or that of what it was merged into in the end
    canonical_id uuid NOT NULL,
    -- its own name, which it goes under no more once it was merged; empty where it was erased
    own_name text NOT NULL,
    -- what it is shown as: the source under whose name it goes; empty where that was erased
    name text NOT NULL,
    kind text COLLATE "C" NOT NULL,
    -- domain.catalogue.Source as JSON: itself, and what it is shown as
    state jsonb NOT NULL,
    shown jsonb NOT NULL,
    PRIMARY KEY (source_id, position_from)
);
CREATE INDEX sources_by_canonical ON sources (canonical_id);
CREATE UNIQUE INDEX sources_now ON sources (source_id) WHERE position_to = 9223372036854775807;

CREATE TABLE stories (
    story_id uuid NOT NULL,
    position_from bigint NOT NULL,
    position_to bigint NOT NULL,
    slug text NOT NULL,
    title text NOT NULL,
    -- domain.catalogue.Story as JSON
    state jsonb NOT NULL,
    PRIMARY KEY (story_id, position_from)
);

-- Every event, as it is shown.
CREATE TABLE events (
    position bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    reported_at timestamptz,
    subject_id uuid NOT NULL,
    -- its place among the events of its subject, from 1
    sequence integer NOT NULL,
    type text COLLATE "C" NOT NULL,
    -- of its reporting time; null where none was given
    "precision" text COLLATE "C",
    actor text NOT NULL,
    reason text,
    -- the positions as of which an amendment had made it void
    voided int8multirange,
    -- the latest reporting time of this event and all before it; null where none has any
    latest_reported_at timestamptz,
    -- the position of the event that erased what it said
    erased_by bigint,
    -- domain.events as JSON; where it was erased, what remains of it
    body jsonb NOT NULL
);
CREATE INDEX events_by_subject ON events (subject_id, reported_at, position);

-- Who and what each event touches: its own subject and every subject it names.
CREATE TABLE touches (
    subject_id uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (subject_id, position)
);

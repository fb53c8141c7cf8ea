-- The way into the log for a process that also projects what it appends: an announcement wakes every
-- connection that listens, whatever for, and for one event that takes longer than to store it. Such a
-- process leaves it out, and has the projection of the event announce both.

-- Stores one batch of units, or names every unit that stands in its way and stores nothing.
--
-- Arrays e_*: one element an event, in the order of recording. c_*: one element for each stream
-- whose present version is taken for granted. p_*: the same for the children of a parent.
-- k_*: one element for each idempotency key, with the place of its first and last event in e_*.
-- "unit" is the caller's own number. announced: whether those who listen are told.
--
-- Result: one row 'stored' with the position and time before the first event (event i has
-- position + i and recorded_at + i microseconds), or one row for each reason not to:
-- 'replayed' and 'key' (the key is known, with the same digest or another), 'version', 'child'.
CREATE FUNCTION dateline.append_v3(
    e_stream uuid[], e_version integer[], e_type text[], e_content text[],
    e_reported timestamptz[], e_parent uuid[], e_actor text[], e_reason text[], e_key text[],
    c_unit integer[], c_stream uuid[], c_version integer[],
    p_unit integer[], p_parent uuid[], p_position bigint[],
    k_unit integer[], k_key text[], k_digest bytea[], k_first integer[], k_last integer[],
    announced boolean
) RETURNS TABLE (
    outcome text, unit integer, "position" bigint, last_position bigint, recorded_at timestamptz,
    subject uuid, expected integer, actual integer
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- To plan each statement anew for arrays of one element takes longer than to run it. And a plan made
-- while the tables were small must not be kept for when they are large.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    refused boolean := false;
    tail bigint;
    tail_time timestamptz;
    base_time timestamptz;
    -- Never stored, so that one salt tells nothing of another.
    secret bytea := uuid_send(gen_random_uuid());
BEGIN
    -- With one snapshot for the whole transaction the last position read below would be that
    -- of the time before the lock was granted, and would be given out twice.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the log is appended to in READ COMMITTED only, not in %',
            upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'invalid_transaction_state';
    END IF;

    -- Taken before anything is read and held to commit: otherwise a reader at the tail can pass
    -- over a position that becomes visible later.
    PERFORM pg_advisory_xact_lock(6819283746120457);

    IF cardinality(k_key) > 0 THEN
        RETURN QUERY
            SELECT CASE WHEN s.request_digest = k.digest THEN 'replayed' ELSE 'key' END,
                   k.unit, s.first_position, s.last_position, s.recorded_at,
                   NULL::uuid, NULL::integer, NULL::integer
            FROM unnest(k_unit, k_key, k_digest) AS k (unit, key, digest)
            JOIN dateline.keys s ON s.key = k.key;
        refused := FOUND;
    END IF;

    IF cardinality(c_stream) > 0 THEN
        RETURN QUERY
            SELECT 'version', c.unit, NULL::bigint, NULL::bigint, NULL::timestamptz,
                   c.stream_id, c.version, coalesce(s.version, 0)
            FROM unnest(c_unit, c_stream, c_version) AS c (unit, stream_id, version)
            LEFT JOIN LATERAL (
                SELECT l.version FROM dateline.log l
                WHERE l.stream_id = c.stream_id ORDER BY l.version DESC LIMIT 1
            ) s ON true
            WHERE coalesce(s.version, 0) <> c.version;
        refused := refused OR FOUND;
    END IF;

    IF cardinality(p_parent) > 0 THEN
        RETURN QUERY
            SELECT 'child', p.unit, NULL::bigint, NULL::bigint, NULL::timestamptz,
                   p.parent_id, NULL::integer, NULL::integer
            FROM unnest(p_unit, p_parent, p_position) AS p (unit, parent_id, position)
            WHERE EXISTS (
                SELECT FROM dateline.log l
                WHERE l.parent_id = p.parent_id AND l.position > p.position
            );
        refused := refused OR FOUND;
    END IF;

    IF refused THEN
        RETURN;
    END IF;

    SELECT l.position, l.recorded_at INTO tail, tail_time
    FROM dateline.log l ORDER BY l.position DESC LIMIT 1;
    tail := coalesce(tail, 0);
    base_time := greatest(dateline.clock(), tail_time + interval '1 microsecond')
        - interval '1 microsecond';

    WITH e AS MATERIALIZED (
        SELECT tail + u.n AS position,
               base_time + u.n * interval '1 microsecond' AS recorded_at,
               u.*, substring(sha256(secret || int8send(u.n)) FOR 16) AS salt
        FROM unnest(e_stream, e_version, e_type, e_content, e_reported, e_parent,
                    e_actor, e_reason, e_key) WITH ORDINALITY
            AS u (stream_id, version, type, content, reported_at, parent_id,
                  actor, reason, key, n)
    ), said AS (
        INSERT INTO dateline.log_content (position, salt, content)
        SELECT e.position, e.salt, e.content FROM e
    )
    INSERT INTO dateline.log (position, recorded_at, reported_at, stream_id, parent_id, version,
                              type, actor, reason, key, digest)
    SELECT e.position, e.recorded_at, e.reported_at, e.stream_id, e.parent_id, e.version,
           e.type, e.actor, e.reason, e.key, sha256(e.salt || convert_to(e.content, 'UTF8'))
    FROM e;

    IF cardinality(k_key) > 0 THEN
        INSERT INTO dateline.keys (key, request_digest, first_position, last_position, recorded_at)
        SELECT k.key, k.digest, tail + k.first, tail + k.last,
               base_time + k.last * interval '1 microsecond'
        FROM unnest(k_key, k_digest, k_first, k_last) AS k (key, digest, first, last);
    END IF;

    IF announced THEN
        PERFORM pg_notify('dateline_log', (tail + cardinality(e_stream))::text);
    END IF;
    RETURN QUERY SELECT 'stored', NULL::integer, tail, NULL::bigint, base_time,
                        NULL::uuid, NULL::integer, NULL::integer;
END
$$;
REVOKE ALL ON FUNCTION dateline.append_v3 FROM PUBLIC;

-- For processes of the last version, and for erase_v1, which calls it.
CREATE OR REPLACE FUNCTION dateline.append_v2(
    e_stream uuid[], e_version integer[], e_type text[], e_content text[],
    e_reported timestamptz[], e_parent uuid[], e_actor text[], e_reason text[], e_key text[],
    c_unit integer[], c_stream uuid[], c_version integer[],
    p_unit integer[], p_parent uuid[], p_position bigint[],
    k_unit integer[], k_key text[], k_digest bytea[], k_first integer[], k_last integer[]
) RETURNS TABLE (
    outcome text, unit integer, "position" bigint, last_position bigint, recorded_at timestamptz,
    subject uuid, expected integer, actual integer
)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM dateline.append_v3(
        e_stream, e_version, e_type, e_content, e_reported, e_parent, e_actor, e_reason, e_key,
        c_unit, c_stream, c_version, p_unit, p_parent, p_position,
        k_unit, k_key, k_digest, k_first, k_last, true);
$$;

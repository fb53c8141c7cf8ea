-- Erasing, as an event of its own: what remains of the erased content, which event erased it, and
-- the one function that does both at once. erase_content goes: content can no longer go without an
-- event that says so.

-- Which record this is: the list of erasures that is kept outside the database names it.
CREATE TABLE dateline.record (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id       uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO dateline.record DEFAULT VALUES;
COMMENT ON TABLE dateline.record IS 'Which record this is, wherever it is copied to.';

ALTER TABLE dateline.erasures
    ADD COLUMN remains text,
    ADD COLUMN event bigint;
COMMENT ON COLUMN dateline.erasures.remains IS 'The content without what it said, as JSON.';
COMMENT ON COLUMN dateline.erasures.event IS 'The position of the event that erased it.';

-- Stores one batch of units as append_v2 does, and erases content for the sake of its events.
--
-- Arrays x_*: one element for each position whose content goes: the place in e_* of the event that
-- erases it, the position, and what remains of the content. All of it has to be there, and to
-- belong to the stream of that event; otherwise nothing is stored and nothing erased.
CREATE FUNCTION dateline.erase_v1(
    e_stream uuid[], e_version integer[], e_type text[], e_content text[],
    e_reported timestamptz[], e_parent uuid[], e_actor text[], e_reason text[], e_key text[],
    c_unit integer[], c_stream uuid[], c_version integer[],
    p_unit integer[], p_parent uuid[], p_position bigint[],
    k_unit integer[], k_key text[], k_digest bytea[], k_first integer[], k_last integer[],
    x_event integer[], x_position bigint[], x_remains text[]
) RETURNS TABLE (
    outcome text, unit integer, "position" bigint, last_position bigint, recorded_at timestamptz,
    subject uuid, expected integer, actual integer
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    told record;
    tail bigint;
    written bigint;
BEGIN
    FOR told IN
        SELECT * FROM dateline.append_v2(
            e_stream, e_version, e_type, e_content, e_reported, e_parent, e_actor, e_reason, e_key,
            c_unit, c_stream, c_version, p_unit, p_parent, p_position,
            k_unit, k_key, k_digest, k_first, k_last)
    LOOP
        IF told.outcome = 'stored' THEN
            tail := told.position;
        END IF;
        RETURN QUERY SELECT told.outcome, told.unit, told.position, told.last_position,
                            told.recorded_at, told.subject, told.expected, told.actual;
    END LOOP;
    IF tail IS NULL THEN
        RETURN;
    END IF;

    INSERT INTO dateline.erasures (position, actor, ground, remains, event)
    SELECT c.position, e_actor[x.event], e_content[x.event]::jsonb ->> 'ground',
           x.remains, tail + x.event
    FROM unnest(x_event, x_position, x_remains) AS x (event, position, remains)
    JOIN dateline.log l ON l.position = x.position AND l.stream_id = e_stream[x.event]
    JOIN dateline.log_content c ON c.position = x.position
    WHERE e_type[x.event] LIKE '%.erased' AND x.remains IS NOT NULL;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written = 0 OR written <> cardinality(x_position) THEN
        RAISE EXCEPTION 'an erasure names content that is not there, or of something else'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    DELETE FROM dateline.log_content c
    USING unnest(x_position) AS x (position)
    WHERE c.position = x.position;
END
$$;
REVOKE ALL ON FUNCTION dateline.erase_v1 FROM PUBLIC;

DROP FUNCTION dateline.erase_content;

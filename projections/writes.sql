-- Takes a batch into the generation in whose schema this is called, if that is projected up to the
-- position `after` and has the shape that the rows were made for. Else nothing happens and the answer
-- is false: somebody else has projected meanwhile, or another version has put its own generation in
-- this one's place. One call is one transaction and one round trip.
--
-- appended: when what is before the batch was recorded, where its own times are not known yet because
-- it is just being appended (append_and_write); else null.
--
-- Every name is looked up when the statement that has it is run, by search_path: after the lock,
-- so that no swap can come between the progress of one generation and the rows of another.
CREATE FUNCTION write_batch(
    made_for text, after bigint, upto bigint, recorded timestamptz, is_live boolean,
    appended timestamptz,
    new_claims json, claim_bounds json, new_claim_sources json, new_claim_terms json,
    new_claim_wordings json, new_claim_abouts json, new_claim_links json,
    new_reports json, report_bounds json, new_report_urls json,
    new_sources json, source_ends json, new_stories json,
    new_events json, new_touches json, new_voided json
) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v record;
BEGIN
    IF is_live THEN
        PERFORM pg_advisory_xact_lock_shared(7140001);
    END IF;
    UPDATE progress SET position = upto, recorded_at = recorded, projected_at = clock_timestamp()
    WHERE position = after AND shape = made_for;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF source_ends IS NOT NULL THEN
        UPDATE sources t SET position_to = c.position_to
        FROM json_populate_recordset(NULL::sources, source_ends) c
        WHERE t.source_id = c.source_id AND t.position_from = c.position_from;
    END IF;
    IF new_sources IS NOT NULL THEN
        INSERT INTO sources SELECT * FROM json_populate_recordset(NULL::sources, new_sources);
    END IF;
    IF new_stories IS NOT NULL THEN
        INSERT INTO stories SELECT * FROM json_populate_recordset(NULL::stories, new_stories);
    END IF;
    IF report_bounds IS NOT NULL THEN
        UPDATE reports t
        SET reported_to = c.reported_to, position_to = c.position_to, capped_from = c.capped_from
        FROM json_to_recordset(report_bounds) c (
            subject uuid, reported_from timestamptz, position_from bigint,
            reported_to timestamptz, position_to bigint, capped_from bigint)
        WHERE t.report_id = c.subject AND t.position_from = c.position_from
          AND t.reported_from = c.reported_from;
    END IF;
    IF new_reports IS NOT NULL THEN
        INSERT INTO reports SELECT * FROM json_populate_recordset(NULL::reports, new_reports);
    END IF;
    IF claim_bounds IS NOT NULL THEN
        UPDATE claims t
        SET reported_to = c.reported_to, position_to = c.position_to, capped_from = c.capped_from
        FROM json_to_recordset(claim_bounds) c (
            subject uuid, reported_from timestamptz, position_from bigint,
            reported_to timestamptz, position_to bigint, capped_from bigint)
        WHERE t.claim_id = c.subject AND t.position_from = c.position_from
          AND t.reported_from = c.reported_from;
    END IF;
    IF new_claims IS NOT NULL THEN
        INSERT INTO claims SELECT * FROM json_populate_recordset(NULL::claims, new_claims);
    END IF;
    IF new_claim_sources IS NOT NULL THEN
        INSERT INTO claim_sources
        SELECT * FROM json_populate_recordset(NULL::claim_sources, new_claim_sources)
        ON CONFLICT DO NOTHING;
    END IF;
    IF new_claim_terms IS NOT NULL THEN
        INSERT INTO claim_terms
        SELECT * FROM json_populate_recordset(NULL::claim_terms, new_claim_terms)
        ON CONFLICT DO NOTHING;
    END IF;
    IF new_claim_wordings IS NOT NULL THEN
        INSERT INTO claim_wordings (claim_id, wording, first_reported_at, dictionary, words)
        SELECT w.claim_id, w.wording, w.first_reported_at, w.dictionary,
               to_tsvector(w.dictionary, w.statement)
        FROM json_to_recordset(new_claim_wordings) w (
            claim_id uuid, wording uuid, first_reported_at timestamptz, dictionary regconfig,
            statement text)
        ON CONFLICT DO NOTHING;
    END IF;
    IF new_claim_abouts IS NOT NULL THEN
        INSERT INTO claim_abouts
        SELECT * FROM json_populate_recordset(NULL::claim_abouts, new_claim_abouts)
        ON CONFLICT DO NOTHING;
    END IF;
    IF new_claim_links IS NOT NULL THEN
        INSERT INTO claim_links
        SELECT * FROM json_populate_recordset(NULL::claim_links, new_claim_links)
        ON CONFLICT DO NOTHING;
    END IF;
    IF new_report_urls IS NOT NULL THEN
        INSERT INTO report_urls
        SELECT * FROM json_populate_recordset(NULL::report_urls, new_report_urls)
        ON CONFLICT DO NOTHING;
    END IF;
    IF new_touches IS NOT NULL THEN
        INSERT INTO touches SELECT * FROM json_populate_recordset(NULL::touches, new_touches);
    END IF;
    IF new_events IS NOT NULL THEN
        INSERT INTO events (position, recorded_at, reported_at, subject_id, sequence, type, "precision",
                            actor, reason, voided, latest_reported_at, erased_by, body)
        SELECT e.position,
               coalesce(appended + (e.position - after) * interval '1 microsecond', e.recorded_at),
               e.reported_at, e.subject_id, e.sequence, e.type, e."precision", e.actor, e.reason,
               e.voided, e.latest_reported_at, e.erased_by, e.body
        FROM json_populate_recordset(NULL::events, new_events) e;
    END IF;
    IF new_voided IS NOT NULL THEN
        -- An event can become void and not void again within a batch.
        FOR v IN SELECT * FROM json_to_recordset(new_voided) v (
            claim_id uuid, sequence integer, "position" bigint, is_void boolean)
        LOOP
            UPDATE events e SET voided = CASE WHEN v.is_void
                THEN coalesce(e.voided, '{}') + int8multirange(int8range(v.position, NULL))
                ELSE coalesce(e.voided, '{}') - int8multirange(int8range(v.position, NULL)) END
            WHERE e.subject_id = v.claim_id AND e.sequence = v.sequence;
        END LOOP;
    END IF;
    IF appended IS NULL THEN  -- else whoever appends tells it (append_and_write)
        PERFORM pg_notify('dateline_read', upto::text);
    END IF;
    RETURN true;
END
$$;

-- Appends units to the log as append_v3 does, and takes what they come to into the generation, in one
-- transaction. What they come to was worked out on the understanding that they follow the position
-- `after`, which is projected. Where something else was appended there meanwhile, or is being put in
-- this generation's place, or where it cannot be written, they are appended all the same, and the
-- projector is told.
--
-- Result: as of append_v3, and whether the units can be read. Then nobody has been told: it wakes
-- every connection that listens, whatever for, which takes longer than the rest. The caller does it,
-- for more than one batch at a time.
CREATE FUNCTION append_and_write(
    e_stream uuid[], e_version integer[], e_type text[], e_content text[],
    e_reported timestamptz[], e_parent uuid[], e_actor text[], e_reason text[], e_key text[],
    c_unit integer[], c_stream uuid[], c_version integer[],
    p_unit integer[], p_parent uuid[], p_position bigint[],
    k_unit integer[], k_key text[], k_digest bytea[], k_first integer[], k_last integer[],
    made_for text, after bigint,
    new_claims json, claim_bounds json, new_claim_sources json, new_claim_terms json,
    new_claim_wordings json, new_claim_abouts json, new_claim_links json,
    new_reports json, report_bounds json, new_report_urls json,
    new_sources json, source_ends json, new_stories json,
    new_events json, new_touches json, new_voided json
) RETURNS TABLE (
    outcome text, unit integer, "position" bigint, last_position bigint, recorded_at timestamptz,
    subject uuid, expected integer, actual integer, written boolean
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    told record;
    length integer := cardinality(e_stream);
    done boolean;
BEGIN
    FOR told IN
        SELECT * FROM dateline.append_v3(
            e_stream, e_version, e_type, e_content, e_reported, e_parent, e_actor, e_reason, e_key,
            c_unit, c_stream, c_version, p_unit, p_parent, p_position,
            k_unit, k_key, k_digest, k_first, k_last, false)
    LOOP
        IF told.outcome = 'stored' THEN
            done := false;
            -- The log is locked by now: a swap, which may take long, is not waited for.
            IF told.position = after AND pg_try_advisory_xact_lock_shared(7140001) THEN
                BEGIN
                    done := write_batch(
                        made_for, after, after + length,
                        told.recorded_at + length * interval '1 microsecond', false,
                        told.recorded_at,
                        new_claims, claim_bounds, new_claim_sources, new_claim_terms,
                        new_claim_wordings, new_claim_abouts, new_claim_links,
                        new_reports, report_bounds, new_report_urls,
                        new_sources, source_ends, new_stories,
                        new_events, new_touches, new_voided);
                EXCEPTION WHEN OTHERS THEN
                    -- The log does not depend on what is made of it. The projector will meet with
                    -- the same, and tell.
                    done := false;
                END;
            END IF;
            IF NOT done THEN
                PERFORM pg_notify('dateline_log', (told.position + length)::text);
            END IF;
        END IF;
        RETURN QUERY SELECT told.outcome, told.unit, told.position, told.last_position,
                            told.recorded_at, told.subject, told.expected, told.actual, done;
    END LOOP;
END
$$;

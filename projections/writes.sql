-- Takes a batch into the generation in whose schema this is called, if that is projected up to the
-- position `after` and has the shape that the rows were made for. Else nothing happens and the answer
-- is false: somebody else has projected meanwhile, or another version has put its own generation in
-- this one's place. One call is one transaction and one round trip.
--
-- Every name is looked up when the statement that has it is run, by search_path: after the lock,
-- so that no swap can come between the progress of one generation and the rows of another.
CREATE FUNCTION write_batch(
    made_for text, after bigint, upto bigint, recorded timestamptz, is_live boolean,
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
        INSERT INTO events SELECT * FROM json_populate_recordset(NULL::events, new_events);
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
    PERFORM pg_notify('dateline_read', upto::text);
    RETURN true;
END
$$;

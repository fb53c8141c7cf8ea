-- Nothing is rewritten: refused by trigger, so that the owner is held to it too.

CREATE FUNCTION dateline.refuse_rewriting() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record is append-only: % on %.% is refused',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Content may go only in the transaction that writes down its erasure.
CREATE FUNCTION dateline.require_erasure() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM dateline.erasures e
        WHERE e.position = OLD.position AND e.transaction = pg_current_xact_id()
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the record is append-only: DELETE on %.% without an erasure is refused',
        TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dateline.log
    FOR EACH STATEMENT EXECUTE FUNCTION dateline.refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dateline.keys
    FOR EACH STATEMENT EXECUTE FUNCTION dateline.refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dateline.erasures
    FOR EACH STATEMENT EXECUTE FUNCTION dateline.refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON dateline.log_content
    FOR EACH STATEMENT EXECUTE FUNCTION dateline.refuse_rewriting();
CREATE TRIGGER erasure_only BEFORE DELETE ON dateline.log_content
    FOR EACH ROW EXECUTE FUNCTION dateline.require_erasure();

-- ALWAYS: a session that plays replica would otherwise step around the triggers.
ALTER TABLE dateline.log ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE dateline.keys ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE dateline.erasures ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE dateline.log_content ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE dateline.log_content ENABLE ALWAYS TRIGGER erasure_only;

-- Erases the content of these positions and returns those that still had content.
CREATE FUNCTION dateline.erase_content(positions bigint[], actor text, ground text)
RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH present AS (
        SELECT c.position FROM dateline.log_content c
        WHERE c.position = ANY (positions) ORDER BY c.position FOR UPDATE
    )
    INSERT INTO dateline.erasures (position, actor, ground)
    SELECT p.position, erase_content.actor, erase_content.ground FROM present p;

    DELETE FROM dateline.log_content c
    USING dateline.erasures e
    WHERE c.position = ANY (positions) AND e.position = c.position
      AND e.transaction = pg_current_xact_id()
    RETURNING c.position;
$$;
REVOKE ALL ON FUNCTION dateline.erase_content FROM PUBLIC;

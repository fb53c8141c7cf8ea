-- What the eventsourcing library sees of the log, and room for its own tables.

CREATE SCHEMA dateline_library;
CREATE VIEW dateline_library.stored_events AS
    SELECT l.stream_id AS originator_id,
           l.version AS originator_version,
           l.type AS topic,
           convert_to(coalesce(c.content, ''), 'UTF8') AS state,
           l.position AS notification_id
    FROM dateline.log l
    LEFT JOIN dateline.log_content c ON c.position = l.position;

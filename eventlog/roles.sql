-- What the application's role may do: read, append or erase through the functions for it, and keep
-- account of what was sent to webhooks.
-- Applied after the migrations wherever the role is there and these rights are not.

GRANT USAGE ON SCHEMA dateline TO dateline_app;
GRANT SELECT ON ALL TABLES IN SCHEMA dateline TO dateline_app;
GRANT EXECUTE ON FUNCTION dateline.append_v1, dateline.append_v2, dateline.append_v3,
    dateline.erase_v1 TO dateline_app;
GRANT USAGE, CREATE ON SCHEMA dateline_library TO dateline_app;
GRANT SELECT ON dateline_library.stored_events TO dateline_app;
GRANT UPDATE (cursor, state, reason) ON dateline.webhooks TO dateline_app;
GRANT INSERT, UPDATE, DELETE ON dateline.webhook_deliveries TO dateline_app;

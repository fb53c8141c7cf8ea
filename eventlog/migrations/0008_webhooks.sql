-- Who is told of what is recorded, and what they have not been told yet.

CREATE TABLE dateline.webhooks (
    id         text PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    url        text NOT NULL,
    secret     bytea NOT NULL CHECK (octet_length(secret) >= 24),
    document   text NOT NULL,
    variables  jsonb NOT NULL,
    cursor     bigint NOT NULL CHECK (cursor >= 0),
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    reason     text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE dateline.webhooks IS 'Receivers that events are sent to.';
COMMENT ON COLUMN dateline.webhooks.secret IS 'What deliveries are signed with, as it is.';
COMMENT ON COLUMN dateline.webhooks.document IS 'The GraphQL subscription that it stands for.';
COMMENT ON COLUMN dateline.webhooks.cursor IS 'Up to where its events are among its deliveries.';
COMMENT ON COLUMN dateline.webhooks.reason IS 'Why it was paused, where that was not asked for.';

CREATE TABLE dateline.webhook_deliveries (
    webhook   text NOT NULL REFERENCES dateline.webhooks ON DELETE CASCADE,
    position  bigint NOT NULL,
    subject   uuid NOT NULL,
    attempts  integer NOT NULL DEFAULT 0,
    due_at    timestamptz DEFAULT clock_timestamp(),
    failed_at timestamptz,
    status    integer,
    reason    text,
    PRIMARY KEY (webhook, position)
);
CREATE INDEX webhook_deliveries_waiting ON dateline.webhook_deliveries (webhook, subject, position)
    WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_due ON dateline.webhook_deliveries (webhook, due_at)
    WHERE due_at IS NOT NULL;
COMMENT ON TABLE dateline.webhook_deliveries IS
    'Events behind the cursor of a webhook that were not delivered. What they say is not here.';
COMMENT ON COLUMN dateline.webhook_deliveries.due_at IS 'When it is sent; null: it was given up.';
COMMENT ON COLUMN dateline.webhook_deliveries.status IS 'What the receiver answered last, if it did.';

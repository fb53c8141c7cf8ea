-- What readers find the rows of a generation over. The projector does without; a generation that is
-- far behind the log gets these when it has caught up, which takes a fraction of keeping them.

-- Today's questions read these four and pay nothing for the history.
CREATE INDEX claims_now_by_story ON claims (story_id, first_reported_at DESC, claim_id DESC)
    INCLUDE (status, outlet_id)
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;
CREATE INDEX claims_now ON claims (first_reported_at DESC, claim_id DESC)
    INCLUDE (status, outlet_id)
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;
CREATE INDEX claims_now_by_story_and_change ON claims (story_id, last_changed_at DESC, claim_id DESC)
    INCLUDE (status)
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;
CREATE INDEX claims_now_by_change ON claims (last_changed_at DESC, claim_id DESC)
    INCLUDE (status)
    WHERE reported_to = 'infinity' AND position_to = 9223372036854775807;

-- Questions about the past pick their keys from these without touching the table.
CREATE INDEX claims_past_by_story ON claims (story_id, first_reported_at DESC, claim_id DESC)
    INCLUDE (reported_from, reported_to, position_from, position_to, capped_from, status);
CREATE INDEX claims_past ON claims (first_reported_at DESC, claim_id DESC)
    INCLUDE (reported_from, reported_to, position_from, position_to, capped_from, status);
CREATE INDEX claims_past_by_story_and_change
    ON claims (story_id, last_changed_at DESC, claim_id DESC)
    INCLUDE (reported_from, reported_to, position_from, position_to, capped_from, status);
CREATE INDEX claims_past_by_change ON claims (last_changed_at DESC, claim_id DESC)
    INCLUDE (reported_from, reported_to, position_from, position_to, capped_from, status);

-- What became of claims between two moments is found among the rows that begin in between. These
-- are indexes over expressions so that no other question is ever answered from them: combined with
-- another index, for "begun by then", they would be read by the third.
CREATE INDEX claims_begun_recorded ON claims ((position_from + 0));
CREATE INDEX claims_begun_reported ON claims ((reported_from AT TIME ZONE 'UTC'));
CREATE INDEX claims_contradicting ON claims (claim_id, position_from, reported_from)
    INCLUDE (position_to, reported_to, capped_from)
    WHERE contradicts <> '{}';

-- What has not been sorted into the index yet is read by every search, so there is little of it.
CREATE INDEX claim_wordings_by_words ON claim_wordings USING gin (words)
    WITH (gin_pending_list_limit = 512);
CREATE INDEX claims_by_report ON claims (report_id);
CREATE INDEX claim_abouts_by_about ON claim_abouts USING gist (about);
CREATE INDEX claim_links_by_kind ON claim_links (kind, to_id);
CREATE INDEX reports_by_outlet ON reports (outlet_id, first_reported_at DESC, report_id DESC);
CREATE INDEX stories_by_slug ON stories USING hash (slug);
CREATE INDEX events_by_type ON events (type, position);

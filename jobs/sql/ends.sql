-- What becomes of a held job that leaves its runner's hands while something is asked of it.
-- Used by every statement that ends an execution; the planner writes them out in place.

-- Work that is done stays done. Otherwise a cancel is final, and a pause keeps what would go on.
CREATE OR REPLACE FUNCTION job_end_state(wanted text, intent text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN intent = '' OR wanted = 'succeeded' THEN wanted
    WHEN intent = 'cancel' THEN 'cancelled'
    WHEN wanted IN ('queued', 'scheduled') THEN 'paused'
    ELSE wanted
  END
$$;

-- While something is asked, the job's own reason holds the words of who asked.
CREATE OR REPLACE FUNCTION job_end_reason(
  reason text, state text, intent text, asked_by text, asked_at timestamptz, words text
) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN intent = '' THEN reason ELSE
    CASE
      WHEN state = 'cancelled' THEN 'Cancelled by '
      WHEN state = 'paused' THEN 'Paused by '
      ELSE 'It ended before the ' || intent || ' took effect that was asked by '
    END || asked_by || ' at ' || to_char(asked_at AT TIME ZONE 'UTC', 'HH24:MI:SS "UTC"')
    || CASE WHEN words = '' THEN '.' WHEN reason = '' OR words ~ '[.!?…:]$' THEN ': ' || words ELSE ': ' || words || '.' END
    || CASE WHEN reason = '' THEN '' ELSE ' ' || reason END
  END
$$

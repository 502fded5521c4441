-- What ended without success waits again, with three more attempts. Of those that were never begun and
-- share a key, one: and none where another waits to do the same.
WITH chosen AS MATERIALIZED ({chosen}), first AS (
  SELECT DISTINCT ON (CASE WHEN j.unique_key <> '' AND j.fence = 0 THEN j.unique_key ELSE j.id::text || '#' END) j.id
  FROM job j JOIN chosen USING (id)
  WHERE j.state IN ('failed', 'cancelled')
    AND (j.unique_key = '' OR j.fence > 0 OR NOT EXISTS (
      SELECT FROM job w WHERE w.unique_key = j.unique_key AND w.unique_key <> '' AND w.fence = 0
        AND w.state IN ('scheduled', 'blocked', 'queued', 'paused')))
  ORDER BY CASE WHEN j.unique_key <> '' AND j.fence = 0 THEN j.unique_key ELSE j.id::text || '#' END, j.id DESC
), moved AS (
  UPDATE job SET
    state = CASE WHEN job_must_wait(job.id) THEN 'blocked' ELSE 'queued' END,
    max_attempts = least(attempt + 3, 32767), finished_at = NULL, run_after = NULL,
    acknowledged_at = NULL, solo = false,
    reason = 'Retried by ' || %(said)s, updated_at = clock_timestamp()
  FROM first
  WHERE job.id = first.id AND state IN ('failed', 'cancelled')
  RETURNING job.id, job.state
), noted AS (
  -- What it waits for may have ended meanwhile, unseen by this statement: upkeep looks again.
  INSERT INTO job_unjudged (child_id) SELECT id FROM moved WHERE state = 'blocked'
), tied AS (
  -- What fell with another waits now for the success of that: a person wants it done.
  UPDATE job_dependency d SET policy = 'hold' FROM moved, job p
  WHERE d.child_id = moved.id AND d.policy = 'cancel' AND p.id = d.parent_id AND p.state IN ('failed', 'cancelled')
)
SELECT count(*), 0, (SELECT count(*) FROM chosen),
  ARRAY(SELECT id FROM ({matching}) m EXCEPT SELECT id FROM chosen) FROM moved

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
    max_attempts = attempt + 3, finished_at = NULL, acknowledged_at = NULL, solo = false,
    reason = 'Retried by ' || %(said)s, updated_at = clock_timestamp()
  FROM first
  WHERE job.id = first.id AND state IN ('failed', 'cancelled')
  RETURNING 1
)
SELECT count(*), 0, (SELECT count(*) FROM chosen) FROM moved

-- Pauses that end by themselves: the time of a rate limit is over.
WITH moved AS (
  UPDATE job SET
    state = CASE WHEN job_must_wait(id) THEN 'blocked'
                 WHEN run_after > clock_timestamp() THEN 'scheduled' ELSE 'queued' END,
    reason = 'Its time has come: ' || reason, resume_at = NULL, updated_at = clock_timestamp()
  WHERE id IN (
    SELECT id FROM job WHERE resume_at <= (SELECT clock_timestamp())
    ORDER BY resume_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
  RETURNING id, state
), noted AS (
  -- What it waits for may have ended meanwhile, unseen by this statement: upkeep looks again.
  INSERT INTO job_unjudged (child_id) SELECT id FROM moved WHERE state = 'blocked'
)
SELECT id FROM moved

-- Pauses that end by themselves: the time of a rate limit is over.
UPDATE job SET
  state = CASE WHEN job_must_wait(id) THEN 'blocked'
               WHEN run_after > clock_timestamp() THEN 'scheduled' ELSE 'queued' END,
  reason = 'Its time has come: ' || reason, resume_at = NULL, updated_at = clock_timestamp()
WHERE id IN (
  SELECT id FROM job WHERE resume_at <= (SELECT clock_timestamp())
  ORDER BY resume_at LIMIT 1000 FOR UPDATE SKIP LOCKED)

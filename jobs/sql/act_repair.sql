-- A person says what is true where evidence is not to be had: not of a job whose runner shows a sign of
-- life. Whoever may still hold it is left with an old fence.
WITH chosen AS MATERIALIZED ({chosen}), moved AS (
  UPDATE job SET
    state = %(to)s, reason = 'Repaired by ' || %(said)s,
    fence = CASE WHEN runner_id IS NULL THEN fence ELSE fence + 1 END, runner_id = NULL,
    intent = '', intent_by = '', intent_at = NULL, resume_at = NULL,
    run_after = CASE WHEN %(to)s = 'scheduled' THEN coalesce(run_after, clock_timestamp()) ELSE run_after END,
    failure_class = CASE WHEN %(to)s = 'failed' AND failure_class = '' THEN 'unknown' ELSE failure_class END,
    max_attempts = CASE WHEN %(to)s IN ('succeeded', 'failed', 'cancelled') THEN max_attempts
                        ELSE greatest(max_attempts, least(attempt + 1, 32767)) END,
    finished_at = CASE WHEN %(to)s IN ('succeeded', 'failed', 'cancelled') THEN clock_timestamp() END,
    -- What fails again is unread again.
    acknowledged_at = CASE WHEN %(to)s = 'failed' THEN acknowledged_at END,
    updated_at = clock_timestamp()
  FROM chosen
  WHERE job.id = chosen.id AND NOT EXISTS (
    SELECT FROM job_runner r WHERE r.id = job.runner_id AND r.stopped_at IS NULL AND r.lease_until > clock_timestamp())
  RETURNING 1
)
SELECT count(*), 0, (SELECT count(*) FROM chosen),
  ARRAY(SELECT id FROM ({matching}) m EXCEPT SELECT id FROM chosen) FROM moved

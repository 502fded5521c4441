-- The end of a dead runner: its row is closed and its jobs leave its hands, in one statement.
-- One job: the attempt counts, and the last one fails. Several: nobody knows the culprit, so the
-- attempts are refunded and each job is claimed alone from now on.
WITH dead AS (
  UPDATE job_runner SET stopped_at = clock_timestamp(), ending = %(proof)s
  WHERE id = %(runner)s AND stopped_at IS NULL RETURNING id
), held AS (
  SELECT j.id, j.fence, count(*) OVER () > 1 AS crowd,
         CASE WHEN count(*) OVER () = 1 AND j.attempt >= j.max_attempts THEN 'failed' ELSE 'queued' END AS wanted
  FROM job j WHERE j.runner_id = %(runner)s AND j.state IN ('running', 'verifying')
    AND (%(rowless)s OR EXISTS (SELECT FROM dead))
)
UPDATE job SET
  state = job_end_state(held.wanted, job.intent),
  attempt = CASE WHEN held.crowd THEN job.attempt - 1 ELSE job.attempt END,
  solo = job.solo OR held.crowd,
  finished_at = CASE WHEN job_end_state(held.wanted, job.intent) IN ('failed', 'cancelled')
                     THEN clock_timestamp() END,
  failure_class = 'worker-lost',
  failure_message = 'The process that executed it died: ' || %(proof)s,
  reason = job_end_reason(
    CASE WHEN held.crowd THEN 'Its runner died with several jobs; this one runs alone next: '
         ELSE 'Its runner died: ' END || %(proof)s,
    job_end_state(held.wanted, job.intent), job.intent, job.intent_by, job.intent_at, job.reason),
  intent = '', intent_by = '', intent_at = NULL, runner_id = NULL, updated_at = clock_timestamp()
FROM held
-- Checked again on the row as it is by now: another tick may have settled it, another runner may have it.
-- Said so that the planner finds it by its id: by the index of what is held it would compare each
-- held job with each.
WHERE job.id = held.id AND job.fence = held.fence AND job.runner_id + 0 = %(runner)s
  AND job.state || '' IN ('running', 'verifying')
RETURNING job.id, job.state

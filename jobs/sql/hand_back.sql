-- Claimed but not begun, or interrupted because the cluster ends: queued again, the attempt refunded.
-- What the old claim still tries is refused: the job is not held, and its next claim raises the fence.
UPDATE job SET
  state = job_end_state('queued', job.intent), attempt = job.attempt - 1, runner_id = NULL,
  reason = job_end_reason(%(reason)s, job_end_state('queued', job.intent), job.intent,
                          job.intent_by, job.intent_at, job.reason),
  intent = '', intent_by = '', intent_at = NULL, updated_at = clock_timestamp(),
  finished_at = CASE WHEN job.intent = 'cancel' THEN clock_timestamp() END
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[]) u (id, fence)
WHERE job.id = u.id AND job.fence = u.fence AND job.runner_id IS NOT NULL

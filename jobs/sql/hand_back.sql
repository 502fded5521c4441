-- Claimed but not begun, or interrupted because the cluster ends: queued again, the attempt refunded.
-- What the old claim still tries is refused: the job is not running, and its next claim raises the fence.
UPDATE job SET
  state = 'queued', attempt = job.attempt - 1, runner_id = NULL, reason = %(reason)s, updated_at = clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[]) u (id, fence)
WHERE job.id = u.id AND job.fence = u.fence AND job.state = 'running'

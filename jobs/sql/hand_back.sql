-- Claimed but not begun: queued again, the attempt refunded.
UPDATE job SET
  state = 'queued', attempt = job.attempt - 1, runner_id = NULL, reason = %(reason)s, updated_at = clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[]) u (id, fence)
WHERE job.id = u.id AND job.fence = u.fence AND job.state = 'running'

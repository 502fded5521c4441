-- Held by this runner, but its claim never arrived there: queued again, the attempt refunded.
UPDATE job SET
  state = 'queued', attempt = attempt - 1, runner_id = NULL, updated_at = clock_timestamp(),
  reason = 'The answer to its claim was lost with a connection.'
WHERE runner_id = %(runner)s AND state = 'running' AND NOT (id = ANY (%(known)s::bigint[]))

-- Held by this runner, but its claim never arrived there: queued again, the attempt refunded.
UPDATE job SET
  state = job_end_state('queued', intent), attempt = attempt - 1, runner_id = NULL,
  reason = job_end_reason('The answer to its claim was lost with a connection.',
                          job_end_state('queued', intent), intent, intent_by, intent_at, reason),
  intent = '', intent_by = '', intent_at = NULL, updated_at = clock_timestamp(),
  finished_at = CASE WHEN intent = 'cancel' THEN clock_timestamp() END
WHERE runner_id = %(runner)s AND state = 'running' AND NOT (id = ANY (%(known)s::bigint[]))

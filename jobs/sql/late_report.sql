-- Ends that came late: accepted after an outage, or refused by the fence and kept here alone.
-- An end that was written already and is only said again (its answer was lost) is no late report.
INSERT INTO job_late_report (
  job_id, fence, runner_id, outcome, failure_class, message, result, ended_at, accepted, found)
SELECT u.id, u.fence, %(runner)s, u.state, u.class, u.message, u.result::jsonb, %(ended_at)s, %(accepted)s,
       coalesce(j.state, 'gone')
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(states)s::text[], %(classes)s::text[],
            %(messages)s::text[], %(results)s::text[]) u (id, fence, state, class, message, result)
LEFT JOIN job j ON j.id = u.id
WHERE %(accepted)s OR NOT EXISTS (
  SELECT FROM job_attempt a
  WHERE a.job_id = u.id AND a.fence = u.fence
    AND (a.outcome = u.state OR u.message <> '' AND a.message = u.message
         -- What was asked of the job decided what became of that end.
         OR a.outcome IN ('paused', 'cancelled') AND a.failure_class = u.class))
ON CONFLICT DO NOTHING
RETURNING job_id

-- Why attempts failed within a time, and how many of those were tried again: of the newest before its end.
WITH last AS MATERIALIZED (
  SELECT id FROM job_attempt WHERE ended_at < %(until)s ORDER BY id DESC LIMIT 1
)
SELECT a.failure_class, count(*), count(*) FILTER (WHERE a.outcome IN ('queued', 'scheduled', 'paused'))
FROM job_attempt a
  WHERE a.id > (SELECT id FROM last) - %(counted)s AND a.id <= (SELECT id FROM last)
    AND a.ended_at >= %(since)s AND a.ended_at < %(until)s
    AND a.failure_class <> '' AND a.outcome <> 'succeeded'
    AND ((%(scopes)s::bigint[] IS NULL AND %(kind)s = '')
         OR EXISTS (SELECT FROM job j WHERE j.id = a.job_id
                   AND (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[]))
                   AND (%(kind)s = '' OR j.kind = %(kind)s)))
GROUP BY 1 ORDER BY 2 DESC, 1

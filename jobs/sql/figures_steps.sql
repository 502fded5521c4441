-- How attempts ended in each step of a time. Only the newest before its end are looked at, by their ids,
-- which come in the order of their ends: the last column says since when that is all, where it is not all.
WITH last AS MATERIALIZED (
  SELECT id FROM job_attempt WHERE ended_at < %(until)s ORDER BY id DESC LIMIT 1
), ended AS (
  SELECT a.ended_at, a.outcome FROM job_attempt a
  WHERE a.id > (SELECT id FROM last) - %(counted)s AND a.id <= (SELECT id FROM last)
    AND a.ended_at >= %(since)s AND a.ended_at < %(until)s
    AND ((%(scopes)s::bigint[] IS NULL AND %(kind)s = '')
         OR EXISTS (SELECT FROM job j WHERE j.id = a.job_id
                   AND (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[]))
                   AND (%(kind)s = '' OR j.kind = %(kind)s)))
)
SELECT date_bin(%(step)s, ended_at, %(since)s),
       count(*) FILTER (WHERE outcome = 'succeeded'), count(*) FILTER (WHERE outcome = 'failed'),
       count(*) FILTER (WHERE outcome IN ('queued', 'scheduled')),
       count(*) FILTER (WHERE outcome NOT IN ('succeeded', 'failed', 'queued', 'scheduled')),
       (SELECT ended_at FROM job_attempt WHERE id <= (SELECT id FROM last) - %(counted)s ORDER BY id DESC LIMIT 1)
FROM ended GROUP BY 1

-- How attempts ended in each step of a time. Only the newest are counted: the last column says since when
-- that is all, where it is not all.
WITH ended AS (
  SELECT a.ended_at, a.outcome FROM job_attempt a
  WHERE a.ended_at >= %(since)s AND a.ended_at < %(until)s
    AND ((%(scopes)s::bigint[] IS NULL AND %(kind)s = '')
         OR EXISTS (SELECT FROM job j WHERE j.id = a.job_id
                   AND (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[]))
                   AND (%(kind)s = '' OR j.kind = %(kind)s)))
  ORDER BY a.id DESC LIMIT %(counted)s
)
SELECT width_bucket(extract(epoch FROM ended_at), extract(epoch FROM %(since)s::timestamptz),
                    extract(epoch FROM %(until)s::timestamptz), %(steps)s),
       count(*) FILTER (WHERE outcome = 'succeeded'), count(*) FILTER (WHERE outcome = 'failed'),
       count(*) FILTER (WHERE outcome IN ('queued', 'scheduled')),
       count(*) FILTER (WHERE outcome NOT IN ('succeeded', 'failed', 'queued', 'scheduled')),
       (SELECT CASE WHEN count(*) = %(counted)s THEN min(ended_at) END FROM ended)
FROM ended GROUP BY 1

-- How many jobs ended on each day, and how: those that are here, and those of which a count was kept.
SELECT day, state, sum(count)::bigint FROM (
  SELECT (a.ended_at AT TIME ZONE 'UTC')::date AS day, a.outcome AS state, count(*) AS count
  FROM job_attempt a
  WHERE a.ended_at >= %(since)s AND a.ended_at < %(until)s AND a.outcome IN ('succeeded', 'failed', 'cancelled')
    AND ((%(scopes)s::bigint[] IS NULL AND %(kind)s = '')
         OR EXISTS (SELECT FROM job j WHERE j.id = a.job_id
                   AND (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[]))
                   AND (%(kind)s = '' OR j.kind = %(kind)s)))
  GROUP BY 1, 2
  UNION ALL
  SELECT d.day, d.state, d.count FROM job_day d
  WHERE d.day >= (%(since)s AT TIME ZONE 'UTC')::date AND d.day <= (%(until)s AT TIME ZONE 'UTC')::date
    AND (%(scopes)s::bigint[] IS NULL OR d.scope = ANY (%(scopes)s::bigint[]))
    AND (%(kind)s = '' OR d.kind = %(kind)s)
) AS counted
GROUP BY 1, 2 ORDER BY 1 DESC, 2

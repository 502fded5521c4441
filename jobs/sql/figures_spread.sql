-- How many of the newest attempts ran up to each bound, and longer than the last.
WITH last AS MATERIALIZED (
  SELECT id FROM job_attempt WHERE ended_at < %(until)s ORDER BY id DESC LIMIT 1
), ended AS (
  SELECT a.ended_at, extract(epoch FROM a.ended_at - a.started_at)::float8 AS run_s FROM job_attempt a
  WHERE a.id > (SELECT id FROM last) - %(counted)s AND a.id <= (SELECT id FROM last)
    AND a.ended_at >= %(since)s AND a.ended_at < %(until)s
    AND ((%(scopes)s::bigint[] IS NULL AND %(kind)s = '')
         OR EXISTS (SELECT FROM job j WHERE j.id = a.job_id
                   AND (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[]))
                   AND (%(kind)s = '' OR j.kind = %(kind)s)))
  ORDER BY a.id DESC LIMIT %(most)s
)
SELECT width_bucket(run_s, %(bounds)s::float8[]), count(*) FROM ended GROUP BY 1

-- How long the newest attempts ran, in each step of a time.
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
SELECT date_bin(%(step)s, ended_at, %(since)s),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY run_s), percentile_cont(0.95) WITHIN GROUP (ORDER BY run_s),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY run_s)
FROM ended GROUP BY 1

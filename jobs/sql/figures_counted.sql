-- How attempts ended within a time: in each step of it, and by kind, queue and class. What is open is
-- counted by the ids, which come in the order of the ends, and only the newest. Of an edge so many are
-- read that it is known whether these are all. Of few projects all jobs are asked. The rest was summed when it was over.
WITH last AS MATERIALIZED (
  SELECT id FROM job_attempt WHERE %(open)s < %(until)s AND ended_at < %(until)s ORDER BY id DESC LIMIT 1
), newest AS (
  SELECT a.job_id, a.ended_at, a.outcome, a.failure_class FROM job_attempt a
  WHERE a.id > (SELECT id FROM last) - %(counted)s AND a.id <= (SELECT id FROM last)
    AND a.ended_at >= %(open)s AND a.ended_at < %(until)s
), at_edges AS MATERIALIZED (
  SELECT edge.since, a.* FROM unnest(%(edges)s::timestamptz[], %(edge_ends)s::timestamptz[]) AS edge (since, until),
    LATERAL (SELECT job_id, ended_at, outcome, failure_class FROM job_attempt
             WHERE ended_at >= edge.since AND ended_at < edge.until LIMIT %(counted)s) AS a
), of_few AS (
  SELECT a.job_id, a.ended_at, a.outcome, a.failure_class
  FROM unnest(%(few)s::bigint[]) AS wanted (scope),
    LATERAL (SELECT id FROM job WHERE job.scope = wanted.scope AND job.scope > 0 OFFSET 0) AS theirs
    JOIN job_attempt a ON a.job_id = theirs.id
  WHERE a.ended_at >= %(since)s AND a.ended_at < %(until)s
), summed AS (
  SELECT s.since, s.kind, s.queue, s.outcome, s.failure_class, s.count
  FROM unnest(%(sizes)s::int[], %(sums)s::timestamptz[], %(sum_ends)s::timestamptz[]) AS piece (hours, since, until)
  JOIN job_sum s ON s.hours = piece.hours AND s.since >= piece.since AND s.since < piece.until
  WHERE s.kind <> '' AND (%(kind)s = '' OR s.kind = %(kind)s)
), all_of_it AS (
  SELECT date_bin(%(step)s, a.ended_at, %(origin)s) AS at, j.kind, j.queue_id AS queue, a.outcome, a.failure_class, 1 AS count
  FROM (TABLE newest UNION ALL TABLE of_few UNION ALL SELECT job_id, ended_at, outcome, failure_class FROM at_edges) AS a,
    LATERAL (SELECT kind, queue_id, scope FROM job WHERE id = a.job_id OFFSET 0) AS j
  WHERE (%(scopes)s::bigint[] IS NULL OR j.scope = ANY (%(scopes)s::bigint[])) AND (%(kind)s = '' OR j.kind = %(kind)s)
  UNION ALL SELECT date_bin(%(step)s, since, %(origin)s), kind, queue, outcome, failure_class, count FROM summed
)
SELECT CASE WHEN grouping(at) = 0 THEN 'step' WHEN grouping(kind) = 0 THEN 'kind'
            WHEN grouping(queue) = 0 THEN 'queue' ELSE 'class' END,
       at, coalesce(kind, queue, failure_class, ''), outcome, sum(count)::bigint
FROM all_of_it GROUP BY GROUPING SETS ((at, outcome), (kind, outcome), (queue, outcome), (failure_class, outcome))
UNION ALL
SELECT 'uncounted', (SELECT ended_at FROM job_attempt WHERE id <= (SELECT id FROM last) - %(counted)s ORDER BY id DESC LIMIT 1),
       '', '', 0
UNION ALL
SELECT 'full', since, '', '', count(*) FROM at_edges GROUP BY since HAVING count(*) >= %(counted)s

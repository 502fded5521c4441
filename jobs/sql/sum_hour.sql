-- What ended within an hour that is over, as sums: each in full, and the whole under no kind.
WITH ended AS (
  SELECT j.kind, j.queue_id AS queue, a.outcome, a.failure_class, count(*)::int AS count
  FROM job_attempt a JOIN job j ON j.id = a.job_id
  WHERE a.ended_at >= %(since)s AND a.ended_at < %(until)s
  GROUP BY 1, 2, 3, 4
)
INSERT INTO job_sum (hours, since, kind, queue, outcome, failure_class, count)
SELECT 1, %(since)s, kind, queue, outcome, failure_class, count FROM ended
UNION ALL SELECT 1, %(since)s, '', '', '', '', coalesce(sum(count), 0) FROM ended
ON CONFLICT DO NOTHING

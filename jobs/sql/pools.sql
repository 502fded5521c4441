-- Of each wanted pool: its runners that are present, heard of and at work, and what waits in vain.
-- At work is who claimed or proved the queue empty of late, or is within the limits of its job.
SELECT w.pool, count(r.id) AS present, count(r.id) FILTER (WHERE r.heard) AS heard,
       count(r.id) FILTER (WHERE r.heard AND r.working) AS working,
       extract(epoch FROM clock_timestamp() - max(r.looked_at))::float8 AS looked_s,
       max(f.id) AS waiting, extract(epoch FROM clock_timestamp() - max(f.updated_at))::float8 AS waiting_s,
       (SELECT max(e.intent_by) FROM job_runner e
        WHERE e.pool = w.pool AND e.stopped_at IS NOT NULL AND e.intent IN ('drain', 'stop')) AS emptied_by
FROM unnest(%(pools)s::text[]) AS w (pool)
LEFT JOIN LATERAL (
  SELECT id, looked_at, idle_since, intent,
         seen_at > clock_timestamp() - make_interval(secs => %(fresh_s)s) AS heard,
         CASE WHEN busy_until IS NULL THEN looked_at > clock_timestamp() - make_interval(secs => %(look_s)s)
              ELSE busy_until > clock_timestamp() - make_interval(secs => %(grace_s)s) END AS working
  FROM job_runner WHERE stopped_at IS NULL AND pool = w.pool
) r ON true
-- Found each look empty for so long, while the first in line waits for longer than that. What a
-- limit keeps waiting, or kept until a moment ago, does not wait in vain.
LEFT JOIN LATERAL (
  SELECT x.id, x.updated_at FROM job_queue q
  CROSS JOIN LATERAL (
    SELECT c.id, c.updated_at FROM (
      (SELECT j.id, j.priority, j.updated_at FROM job j
       WHERE j.state = 'queued' AND j.queue_id = q.name AND j.limit_key = '' ORDER BY j.priority DESC, j.id LIMIT 1)
      UNION ALL
      SELECT j.id, j.priority, j.updated_at FROM job j
      WHERE j.id = ANY (ARRAY(SELECT job_heads(q.name)))
        AND NOT EXISTS (SELECT FROM job_limit l WHERE l.key = j.limit_key AND l.per_minute IS NOT NULL)
    ) c
    ORDER BY c.priority DESC, c.id LIMIT 1
  ) x
  WHERE q.name = w.pool AND NOT q.paused AND r.heard AND r.intent = ''
    AND r.idle_since < clock_timestamp() - make_interval(secs => %(stall_s)s)
    AND x.updated_at < clock_timestamp() - make_interval(secs => %(stall_s)s)
    AND (q.most_running IS NULL OR q.most_running > (
      SELECT count(*) FROM job h WHERE h.state IN ('running', 'verifying') AND h.queue_id = q.name))
    AND (q.per_minute IS NULL
         OR q.refilled_at < clock_timestamp() - make_interval(secs => %(stall_s)s)
            AND job_tokens(q.tokens, q.burst, q.per_minute, q.refilled_at + make_interval(secs => %(stall_s)s)) >= 1)
) f ON true
GROUP BY w.pool ORDER BY w.pool

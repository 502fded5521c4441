-- No more run than a limit lets: of a key without a row, one; of another, and of a queue, those that
-- began since the limit was set.
SELECT 'the key ' || h.limit_key, coalesce(l.most_running, 1) || ' at once', count(*) || ' run', max(h.started_at)
FROM job h LEFT JOIN job_limit l ON l.key = h.limit_key
WHERE h.state IN ('running', 'verifying') AND h.limit_key <> '' AND (l.key IS NULL OR l.most_running IS NOT NULL)
GROUP BY h.limit_key, l.key, l.most_running, l.limited_at
HAVING count(*) FILTER (WHERE l.key IS NULL OR h.started_at > coalesce(l.limited_at, '-infinity')) > coalesce(l.most_running, 1)
UNION ALL
SELECT 'the queue ' || q.name, q.most_running || ' at once', count(*) || ' run', max(h.started_at)
FROM job_queue q JOIN job h ON h.queue_id = q.name
WHERE q.most_running IS NOT NULL AND h.state IN ('running', 'verifying')
  AND h.started_at > coalesce(q.limited_at, '-infinity')
GROUP BY q.name, q.most_running HAVING count(*) > q.most_running

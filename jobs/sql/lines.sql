-- What stands in each queue: by the partial indexes of what waits and of what is held.
SELECT q.name, coalesce(w.depth, 0), extract(epoch FROM clock_timestamp() - w.oldest)::float8, coalesce(h.running, 0),
       CASE WHEN q.per_minute IS NOT NULL THEN job_tokens(q.tokens, q.burst, q.per_minute, q.refilled_at) END
FROM job_queue q
LEFT JOIN (SELECT queue_id, count(*) AS depth, min(updated_at) AS oldest FROM job
           WHERE state = 'queued' GROUP BY queue_id) w ON w.queue_id = q.name
LEFT JOIN (SELECT queue_id, count(*) AS running FROM job
           WHERE state IN ('running', 'verifying') GROUP BY queue_id) h ON h.queue_id = q.name

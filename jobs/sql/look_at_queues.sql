-- What stands in each queue, written down once a minute by whoever comes first. Until the next minute
-- the condition alone is read.
INSERT INTO job_queue_depth (queue, at, waiting, running, oldest_s)
SELECT q.name, date_trunc('minute', clock_timestamp()), coalesce(w.depth, 0), coalesce(h.running, 0),
       extract(epoch FROM clock_timestamp() - w.oldest)::float8
FROM job_queue q
LEFT JOIN (SELECT queue_id, count(*) AS depth, min(updated_at) AS oldest FROM job
           WHERE state = 'queued' GROUP BY queue_id) w ON w.queue_id = q.name
LEFT JOIN (SELECT queue_id, count(*) AS running FROM job
           WHERE state IN ('running', 'verifying') GROUP BY queue_id) h ON h.queue_id = q.name
WHERE NOT EXISTS (SELECT FROM job_queue_depth WHERE at = date_trunc('minute', clock_timestamp()))
ON CONFLICT DO NOTHING

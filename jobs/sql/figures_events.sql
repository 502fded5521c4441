-- Of the newest deliveries: how many are on their way, for how long the oldest, and how long the
-- others took from the event to their end.
WITH newest AS (
  SELECT d.job_id, e.created_at FROM job_delivery d JOIN job_event e ON e.id = d.event_id
  ORDER BY d.id DESC LIMIT %(most)s
)
SELECT count(*) FILTER (WHERE j.finished_at IS NULL),
       coalesce(extract(epoch FROM clock_timestamp() - min(n.created_at) FILTER (WHERE j.finished_at IS NULL)), 0)::float8,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM j.finished_at - n.created_at)::float8)
         FILTER (WHERE j.state = 'succeeded' AND j.finished_at >= n.created_at)
FROM newest n JOIN job j ON j.id = n.job_id

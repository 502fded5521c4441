-- Old events of a window of ids go with their deliveries. One stays while a job that tells of it is
-- there, while nobody was told of it (a dead letter), and while an event that follows from it stays.
WITH old AS (
  SELECT e.id FROM job_event e
  WHERE e.id > %(after)s AND e.id <= %(upto)s AND e.name = ANY (%(names)s)
    AND e.created_at < clock_timestamp() - make_interval(days => %(days)s)
    AND NOT EXISTS (SELECT FROM job_event effect WHERE effect.cause_id = e.id)
    AND NOT EXISTS (
      SELECT FROM job_delivery d LEFT JOIN job j ON j.id = d.job_id
      WHERE d.event_id = e.id AND (d.job_id IS NULL OR j.id IS NOT NULL))
  FOR UPDATE OF e SKIP LOCKED
), told AS (
  DELETE FROM job_delivery d USING old WHERE d.event_id = old.id
), gone AS (
  DELETE FROM job_event e USING old WHERE e.id = old.id RETURNING e.id
)
SELECT count(*) FROM gone

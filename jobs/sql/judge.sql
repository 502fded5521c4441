-- Judges the oldest of the jobs whose parents had more children than an end may judge, and of those
-- that were let wait again while what they wait for may have ended.
WITH oldest AS (
  SELECT id FROM job_unjudged ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM job_unjudged u USING oldest o WHERE u.id = o.id RETURNING u.child_id
)
SELECT job_release(ARRAY(SELECT DISTINCT child_id FROM gone ORDER BY child_id), true)

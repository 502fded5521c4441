-- Which of some jobs wait for one, directly or by others.
WITH RECURSIVE below (id) AS (
  SELECT child_id FROM job_dependency WHERE parent_id = %(job)s
  UNION SELECT d.child_id FROM job_dependency d JOIN below b ON d.parent_id = b.id
)
SELECT id FROM below WHERE id = ANY (%(among)s) ORDER BY id LIMIT 1

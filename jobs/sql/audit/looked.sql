-- What is compared row by row: unfinished jobs, the newest, and a window of the others that is
-- another one at each look.
SELECT id FROM (
  (SELECT id FROM job WHERE state IN ('scheduled', 'blocked', 'queued', 'paused', 'running', 'verifying') LIMIT %(most)s)
  UNION
  (SELECT id FROM job ORDER BY id DESC LIMIT %(most)s)
  UNION
  (SELECT id FROM job WHERE id >= (SELECT floor(random() * max(id))::bigint FROM job) ORDER BY id LIMIT %(most)s)
) AS looked

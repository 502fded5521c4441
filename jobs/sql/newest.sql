-- Of the jobs before an id, so many: for each project and kind among them the lowest id, and the
-- newest finished ones, the newest first.
SELECT coalesce(scope, 0), kind, min(id),
       (array_agg(id ORDER BY id DESC) FILTER (WHERE state IN ('succeeded', 'failed', 'cancelled')))[:%(keep)s]
FROM (SELECT id, scope, kind, state FROM job WHERE id < %(before)s ORDER BY id DESC LIMIT %(most)s) AS next
GROUP BY 1, 2

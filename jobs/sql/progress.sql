-- The latest progress, refused by the fence when the job is another runner's.
INSERT INTO job_progress (job_id, fence, current, total, item, items_done, items_failed, updated_at)
SELECT id, fence, %(current)s, %(total)s, %(item)s, %(done)s, %(failed)s, clock_timestamp()
FROM job WHERE id = %(job)s AND fence = %(fence)s AND state IN ('running', 'verifying')
ON CONFLICT (job_id) DO UPDATE SET
  fence = excluded.fence, current = excluded.current, total = excluded.total, item = excluded.item,
  items_done = excluded.items_done, items_failed = excluded.items_failed, updated_at = excluded.updated_at

-- The latest progress, refused by the fence when the job is another runner's.
INSERT INTO job_progress (
  job_id, fence, current, total, item, items_done, items_failed, done_count, failed_count,
  started_at, heard_at, rate, pace, eta_s, peak_mb, peaks, updated_at)
SELECT id, fence, %(current)s, %(total)s, %(item)s, %(done)s, %(failed)s, %(done_count)s, %(failed_count)s,
  clock_timestamp() - make_interval(secs => %(began_s)s), clock_timestamp() - make_interval(secs => %(heard_s)s),
  %(rate)s, %(pace)s::jsonb, %(eta_s)s, %(peak_mb)s::int,
  jsonb_strip_nulls(jsonb_build_object(fence, %(peak_mb)s::int)), clock_timestamp()
FROM job WHERE id = %(job)s AND fence = %(fence)s AND state IN ('running', 'verifying')
ON CONFLICT (job_id) DO UPDATE SET
  fence = excluded.fence, current = excluded.current, total = excluded.total, item = excluded.item,
  items_done = excluded.items_done, items_failed = excluded.items_failed,
  done_count = excluded.done_count, failed_count = excluded.failed_count,
  started_at = excluded.started_at, heard_at = excluded.heard_at, rate = excluded.rate, pace = excluded.pace,
  eta_s = excluded.eta_s, peak_mb = excluded.peak_mb, peaks = job_progress.peaks || excluded.peaks,
  updated_at = excluded.updated_at

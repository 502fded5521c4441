-- What a handler goes on from, refused by the fence when the job is another runner's; and what is asked of the job.
-- The fence is asked here without a lock, and once more at the commit: see checkpoint_fence.sql.
WITH mine AS (
  SELECT id, fence, intent, intent_by FROM job
  WHERE id = %(job)s AND fence = %(fence)s AND state IN ('running', 'verifying')
), kept AS (
  INSERT INTO job_progress (job_id, fence, checkpoint, checkpoint_fence)
  SELECT id, fence, %(data)s::jsonb, fence FROM mine
  ON CONFLICT (job_id) DO UPDATE SET
    checkpoint = excluded.checkpoint, checkpoint_fence = excluded.checkpoint_fence, updated_at = clock_timestamp()
)
SELECT id, fence, intent, intent_by FROM mine

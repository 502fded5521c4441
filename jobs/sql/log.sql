-- A chunk of log, refused by the fence when the job is another runner's. One whose answer was lost comes again, and
-- may have grown meanwhile.
INSERT INTO job_log (job_id, fence, seq, first_line, text, levels)
SELECT id, fence, %(seq)s, %(first_line)s, %(text)s, %(levels)s
FROM job WHERE id = %(job)s AND fence = %(fence)s AND state IN ('running', 'verifying')
ON CONFLICT (job_id, fence, seq) DO UPDATE SET text = excluded.text, levels = excluded.levels

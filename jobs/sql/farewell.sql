-- A runner ends by its own word.
UPDATE job_runner SET stopped_at = clock_timestamp(), ending = left(%(ending)s, 200)
WHERE id = %(runner)s AND stopped_at IS NULL

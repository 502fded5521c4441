-- What the rate of a paused job was computed from: it goes on so, without the time it stood still.
SELECT p.pace FROM job_progress p
JOIN job_attempt a ON a.job_id = p.job_id AND a.fence = p.fence AND a.outcome = 'paused'
WHERE p.job_id = %s AND p.pace IS NOT NULL

-- The most that waited in each queue in each step of a time, as it was looked at once a minute.
SELECT queue, date_bin(%(step)s, at, %(origin)s), max(waiting)
FROM job_queue_depth WHERE at >= %(since)s AND at < %(until)s
GROUP BY 1, 2 ORDER BY 1, 2

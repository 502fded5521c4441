-- The most that waited in each queue in each step of a time, as it was looked at once a minute.
SELECT queue, width_bucket(extract(epoch FROM at), extract(epoch FROM %(since)s::timestamptz),
                           extract(epoch FROM %(until)s::timestamptz), %(steps)s), max(waiting)
FROM job_queue_depth WHERE at >= %(since)s AND at < %(until)s
GROUP BY 1, 2 ORDER BY 1, 2

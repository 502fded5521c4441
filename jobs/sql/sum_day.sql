-- The sums of a day whose hours were all summed.
INSERT INTO job_sum (hours, since, kind, queue, outcome, failure_class, count)
SELECT 24, %(since)s, kind, queue, outcome, failure_class, sum(count)
FROM job_sum WHERE hours = 1 AND since >= %(since)s AND since < %(until)s
GROUP BY kind, queue, outcome, failure_class
ON CONFLICT DO NOTHING

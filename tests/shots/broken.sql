UPDATE job_runner SET seen_at = now() - interval '11 min', lease_until = now() - interval '10 min',
       looked_at = now() - interval '11 min', busy_until = now() - interval '10 min';

UPDATE repository SET failure_class = 'transient-network', synced_at = now() - interval '19 hours',
       failure_message = 'git.example.org did not answer within 30 s.'
WHERE id % 2 = 0 OR id % 5 = 1;

UPDATE repository SET current_map_id = NULL, head_commit = '', synced_at = NULL WHERE id % 5 = 1;

UPDATE job SET state = 'failed', failure_class = 'transient-network', failure_message = 'git.example.org did not answer within 30 s.',
       acknowledged_at = NULL, result = NULL
WHERE finished_at > now() - interval '20 hours';

INSERT INTO job_delivery (event_id, kind, job_id, stopped, created_at)
SELECT e.id, j.kind, j.id, '', e.created_at FROM (SELECT id, row_number() OVER (ORDER BY id) AS n, created_at FROM job_event) e
JOIN (SELECT id, kind, row_number() OVER (ORDER BY id DESC) AS n FROM job WHERE state = 'failed') j USING (n) WHERE n < 12;

UPDATE job SET event_id = d.event_id FROM job_delivery d WHERE d.job_id = job.id;

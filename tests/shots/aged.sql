SET LOCAL session_replication_role = replica;

UPDATE job_event SET created_at = now() - (m.newest - id) * (m.newest - id) * interval '9 s' - interval '4 min'
FROM (SELECT max(id) AS newest FROM job_event) m WHERE created_at > now() - interval '1 hour';

UPDATE project SET created_at = now() - interval '40 days' - id * interval '7 hours';

UPDATE project_membership SET created_at = now() - interval '39 days' + id * interval '5 hours';

UPDATE plan_task SET created_at = now() - interval '12 days' - id * interval '3 hours',
       updated_at = now() - id * interval '47 min', moved_at = now() - id * interval '5 hours';

UPDATE plan_idea SET created_at = now() - interval '20 days', moved_at = now() - interval '16 days';

UPDATE plan_spec SET created_at = now() - interval '15 days', moved_at = now() - interval '13 days';

UPDATE plan_change SET at = now() - interval '13 days' + id * interval '61 min'

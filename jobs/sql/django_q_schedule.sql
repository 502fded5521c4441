-- django-q2's table of schedules is a view, too: of our schedules that start its tasks, and of those
-- that wait to be started once. `jobs.recurring` makes both before django-q2 stores its row.
CREATE VIEW django_q_schedule AS
SELECT id::int AS id, name::varchar, arguments ->> 'function' AS func, nullif(arguments ->> 'hook', '') AS hook,
       arguments ->> 'args' AS args, arguments ->> 'kwargs' AS kwargs, 'C'::varchar AS schedule_type, NULL::smallint AS minutes,
       CASE WHEN paused_at IS NULL THEN -1 ELSE 0 END AS repeats, next_at AS next_run, cron,
       last_job_id::varchar AS task, NULL::varchar AS cluster, NULL::varchar AS intended_date_kwarg
FROM job_schedule WHERE kind = 'django_q.schedule'
UNION ALL
SELECT -id::int, subject, arguments ->> 'function', nullif(arguments ->> 'hook', ''),
       arguments ->> 'args', arguments ->> 'kwargs', 'O', NULL, -1, run_after, NULL, NULL, NULL, NULL
FROM job WHERE state = 'scheduled' AND kind = 'django_q.schedule' AND attempt = 0;

CREATE FUNCTION django_q_schedule_is_ours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW.schedule_type = 'O' THEN
    SELECT -id INTO NEW.id FROM job WHERE id = NEW.task::bigint AND kind = 'django_q.schedule';
  ELSIF TG_OP = 'INSERT' THEN
    SELECT id INTO NEW.id FROM job_schedule WHERE name = NEW.name AND kind = 'django_q.schedule';
  ELSIF TG_OP = 'DELETE' AND OLD.id < 0 THEN
    UPDATE job SET state = 'cancelled', reason = 'Its django-q2 schedule was deleted.',
      finished_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = -OLD.id AND state = 'scheduled';
    RETURN OLD;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM job_tick WHERE schedule_id = OLD.id;
    DELETE FROM job_schedule WHERE id = OLD.id AND NOT standing;
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' OR NEW.id IS NULL THEN
    RAISE EXCEPTION 'django_q.Schedule: call django_q.tasks.schedule, and change it with manage.py schedules'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER django_q_schedule_is_ours INSTEAD OF INSERT OR UPDATE OR DELETE ON django_q_schedule
  FOR EACH ROW EXECUTE FUNCTION django_q_schedule_is_ours();

-- django-q2's table of results is a view of the ledger: it cannot say anything else.
-- The only text of these: whoever changes one here runs this file again in a migration.

-- What django-q2's pickled columns read. The pickle says one thing only, json.loads of a text with
-- its length before it, so nothing in the text can become a part of the pickle.
CREATE OR REPLACE FUNCTION django_q_pickled(document jsonb, wrapped boolean DEFAULT false) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT encode(
    CASE WHEN wrapped THEN convert_to(E'cbuiltins\ntuple\n', 'UTF8') ELSE '' END
    || convert_to(E'cjson\nloads\nX', 'UTF8')
    || substr(size, 4, 1) || substr(size, 3, 1) || substr(size, 2, 1) || substr(size, 1, 1)
    || content || '\x8552'::bytea || CASE WHEN wrapped THEN '\x8552'::bytea ELSE '' END || '\x2e'::bytea,
    'base64')
  FROM (SELECT convert_to(document::text, 'UTF8')) t (content), int4send(length(content)) size
$$;

CREATE OR REPLACE VIEW django_q_task AS
SELECT arguments ->> 'id' AS id, arguments ->> 'name' AS name, arguments ->> 'function' AS func,
       nullif(arguments ->> 'hook', '') AS hook,
       django_q_pickled(arguments -> 'args', true) AS args, django_q_pickled(arguments -> 'kwargs') AS kwargs,
       django_q_pickled(CASE state WHEN 'succeeded' THEN result
                        ELSE to_jsonb(coalesce(nullif(failure_message, ''), reason)) END) AS result,
       nullif(arguments ->> 'group', '') AS "group", NULL::varchar AS cluster,
       coalesce(started_at, created_at) AS started, finished_at AS stopped,
       state = 'succeeded' AS success, attempt::int AS attempt_count
FROM job
WHERE kind = 'django_q.task' AND state IN ('succeeded', 'failed', 'cancelled')
  AND NOT (state = 'succeeded' AND arguments ->> 'save' = 'false') AND NOT arguments ? 'forgotten';

CREATE OR REPLACE FUNCTION django_q_task_is_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN  -- a result nobody wants any more; the job and its history are the ledger's
    UPDATE job SET arguments = arguments || '{"forgotten": true}'
    WHERE kind = 'django_q.task' AND arguments ->> 'id' = OLD.id AND state IN ('succeeded', 'failed', 'cancelled');
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'django_q.Task: it is read from the ledger; only the job itself changes it'
    USING ERRCODE = 'check_violation';
END $$;

CREATE OR REPLACE TRIGGER django_q_task_is_read INSTEAD OF INSERT OR UPDATE OR DELETE ON django_q_task
  FOR EACH ROW EXECUTE FUNCTION django_q_task_is_read();

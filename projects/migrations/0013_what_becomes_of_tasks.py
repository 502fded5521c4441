"""The database's own rules for ideas, specs and tasks: legal moves, each on record, whole completions."""

from django.db import migrations

# As `projects.models.plan.MOVES` has it; a test compares both.
LEGAL = {
    "plan_idea": "OPEN>ACCEPTED OPEN>DROPPED ACCEPTED>OPEN ACCEPTED>DROPPED DROPPED>OPEN",
    "plan_spec": (
        "DRAFT>READY DRAFT>DROPPED READY>DRAFT READY>FULFILLED READY>DROPPED FULFILLED>READY DROPPED>DRAFT"
    ),
    "plan_task": (
        "NOT_STARTED>IN_PROGRESS NOT_STARTED>BLOCKED IN_PROGRESS>REVIEW IN_PROGRESS>COMPLETED "
        "IN_PROGRESS>BLOCKED IN_PROGRESS>NOT_STARTED BLOCKED>IN_PROGRESS BLOCKED>NOT_STARTED "
        "REVIEW>COMPLETED REVIEW>IN_PROGRESS REVIEW>BLOCKED COMPLETED>IN_PROGRESS"
    ),
}
ROWS = ", ".join(f"'{table} {pair}'" for table, pairs in LEGAL.items() for pair in pairs.split())

# A completing UPDATE holds the row of its task before its trigger looks for open boxes, and a box
# that is opened waits for that row: of two at once, the second sees what the first did.
FORWARD = f"""
CREATE FUNCTION plan_judges_a_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  IF TG_TABLE_NAME || ' ' || OLD.state || '>' || NEW.state NOT IN ({ROWS}) THEN
    RAISE EXCEPTION '% % may not move from % to %', TG_TABLE_NAME, OLD.id, OLD.state, NEW.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_legal_move';
  END IF;
  NEW.moved_at = statement_timestamp();
  RETURN NEW;
END $$;

CREATE FUNCTION plan_task_ends_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.override = '' AND (
    EXISTS (SELECT 1 FROM plan_item WHERE task_id = NEW.id AND required AND done_at IS NULL)
    OR EXISTS (
      SELECT 1 FROM plan_blocker b JOIN plan_task t ON t.id = b.blocker_id
      WHERE b.task_id = NEW.id AND t.state <> 'COMPLETED'))
  THEN
    RAISE EXCEPTION 'plan_task % requires what is still open', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_task_ends_whole';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION plan_item_keeps_an_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  whole plan_task%ROWTYPE;
BEGIN
  SELECT * INTO whole FROM plan_task WHERE id = NEW.task_id FOR SHARE;
  IF whole.state = 'COMPLETED' AND whole.override = '' THEN
    RAISE EXCEPTION 'plan_task % is completed and would require something', NEW.task_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_task_ends_whole';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION plan_writes_a_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before text := '';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    before := OLD.state;
    IF NEW.state = OLD.state THEN
      RETURN NULL;
    END IF;
  END IF;
  INSERT INTO plan_change (idea_id, spec_id, task_id, actor, what, old, new, reason, details) VALUES (
    CASE TG_TABLE_NAME WHEN 'plan_idea' THEN NEW.id END,
    CASE TG_TABLE_NAME WHEN 'plan_spec' THEN NEW.id END,
    CASE TG_TABLE_NAME WHEN 'plan_task' THEN NEW.id END,
    coalesce(nullif(current_setting('factory.actor', true), ''), 'database'),
    CASE TG_OP WHEN 'INSERT' THEN 'created' ELSE 'moved' END, before, NEW.state,
    coalesce(current_setting('factory.reason', true), ''), '{{}}');
  RETURN NULL;
END $$;

CREATE FUNCTION plan_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was done to a plan is never rewritten' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER plan_judges_a_move BEFORE UPDATE OF state ON plan_idea
  FOR EACH ROW EXECUTE FUNCTION plan_judges_a_move();
CREATE TRIGGER plan_judges_a_move BEFORE UPDATE OF state ON plan_spec
  FOR EACH ROW EXECUTE FUNCTION plan_judges_a_move();
CREATE TRIGGER plan_judges_a_move BEFORE UPDATE OF state ON plan_task
  FOR EACH ROW EXECUTE FUNCTION plan_judges_a_move();
CREATE TRIGGER plan_task_ends_whole BEFORE UPDATE OF state, override ON plan_task
  FOR EACH ROW WHEN (NEW.state = 'COMPLETED') EXECUTE FUNCTION plan_task_ends_whole();
CREATE TRIGGER plan_item_keeps_an_end BEFORE INSERT OR UPDATE ON plan_item
  FOR EACH ROW WHEN (NEW.required AND NEW.done_at IS NULL) EXECUTE FUNCTION plan_item_keeps_an_end();
CREATE TRIGGER plan_writes_a_move AFTER INSERT OR UPDATE OF state ON plan_idea
  FOR EACH ROW EXECUTE FUNCTION plan_writes_a_move();
CREATE TRIGGER plan_writes_a_move AFTER INSERT OR UPDATE OF state ON plan_spec
  FOR EACH ROW EXECUTE FUNCTION plan_writes_a_move();
CREATE TRIGGER plan_writes_a_move AFTER INSERT OR UPDATE OF state ON plan_task
  FOR EACH ROW EXECUTE FUNCTION plan_writes_a_move();
CREATE TRIGGER plan_change_stays BEFORE UPDATE ON plan_change
  FOR EACH ROW EXECUTE FUNCTION plan_change_stays();
"""
BACKWARD = """
DROP TRIGGER plan_change_stays ON plan_change;
DROP TRIGGER plan_item_keeps_an_end ON plan_item;
DROP TRIGGER plan_task_ends_whole ON plan_task;
DROP TRIGGER plan_judges_a_move ON plan_idea;
DROP TRIGGER plan_judges_a_move ON plan_spec;
DROP TRIGGER plan_judges_a_move ON plan_task;
DROP TRIGGER plan_writes_a_move ON plan_idea;
DROP TRIGGER plan_writes_a_move ON plan_spec;
DROP TRIGGER plan_writes_a_move ON plan_task;
DROP FUNCTION plan_change_stays, plan_writes_a_move, plan_item_keeps_an_end, plan_task_ends_whole,
  plan_judges_a_move;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0012_ideas_specs_and_tasks'),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

"""ssh keys of repositories, and the guard of their removal."""

import projects.secrets
from django.db import migrations, models

from jobs import states

LIVE = ", ".join(f"'{state}'" for state in states.LIVE)
HELD = ", ".join(f"'{state}'" for state in states.HELD)
# Removing a repository cancels its jobs and takes its clone along: `projects.removal` does that,
# and whoever deletes the row in another way while a job is on its way is refused.
GUARD = f"""
CREATE FUNCTION repository_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held bigint;
BEGIN
  SELECT id INTO held FROM job WHERE scope = OLD.project_id AND (
    (limit_key = 'repository:' || OLD.id AND state IN ({LIVE})) OR
    (kind = 'projects.register_many' AND state IN ({HELD})
      AND arguments->'repositories' @> to_jsonb(OLD.id))) LIMIT 1;
  IF held IS NOT NULL THEN
    RAISE EXCEPTION 'repository % has job %: remove it with projects.removal', OLD.id, held
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER repository_is_free BEFORE DELETE ON repository
  FOR EACH ROW EXECUTE FUNCTION repository_is_free();
"""
UNDO = """
DROP TRIGGER repository_is_free ON repository;
DROP FUNCTION repository_is_free();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0001_initial'),
        ('jobs', '0002_the_private_door'),
    ]

    operations = [
        migrations.AddField(
            model_name='repository',
            name='ssh_key',
            field=projects.secrets.SealedField(blank=True, default='', help_text='Opens a private ssh repository; stored encrypted.'),
        ),
        migrations.AddField(
            model_name='repository',
            name='ssh_public',
            field=models.TextField(blank=True, db_default='', help_text="The key's public half: what its host must know."),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ssh_key', ''), ('ssh_public', '')), models.Q(models.Q(('ssh_key', ''), _negated=True), models.Q(('ssh_public', ''), _negated=True)), _connector='OR'), name='repository_key_has_both_halves'),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]

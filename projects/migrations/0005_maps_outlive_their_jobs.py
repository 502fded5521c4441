"""A map outlives the job that made it: the database itself forgets the job when it is removed."""

from django.db import migrations

_FORGET = """
DO $$
DECLARE
  name text;
BEGIN
  SELECT conname INTO name FROM pg_constraint
    WHERE conrelid = 'system_map'::regclass AND confrelid = 'job'::regclass AND contype = 'f';
  EXECUTE format('ALTER TABLE system_map DROP CONSTRAINT %I', name);
  EXECUTE format('ALTER TABLE system_map ADD CONSTRAINT %I FOREIGN KEY (job_id) REFERENCES job (id)'
                 ' ON DELETE {} DEFERRABLE INITIALLY DEFERRED', name);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_a_maintainer_stays"), ("jobs", "0005_unfinished_jobs")]
    operations = [
        migrations.RunSQL(_FORGET.format("SET NULL"), _FORGET.format("NO ACTION")),
    ]

"""A history outlives the job that read it, as maps do since 0005."""

from django.db import migrations

_FORGET = """
DO $$
DECLARE
  name text;
BEGIN
  SELECT conname INTO name FROM pg_constraint
    WHERE conrelid = 'history'::regclass AND confrelid = 'job'::regclass AND contype = 'f';
  EXECUTE format('ALTER TABLE history DROP CONSTRAINT %I', name);
  EXECUTE format('ALTER TABLE history ADD CONSTRAINT %I FOREIGN KEY (job_id) REFERENCES job (id)'
                 ' ON DELETE {} DEFERRABLE INITIALLY DEFERRED', name);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0008_histories")]
    operations = [
        migrations.RunSQL(_FORGET.format("SET NULL"), _FORGET.format("NO ACTION")),
    ]

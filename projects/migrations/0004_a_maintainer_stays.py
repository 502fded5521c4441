"""The database's own rule: while a project stands, its last active maintainer stays."""

from django.conf import settings
from django.db import migrations

# Deferred: who hands over may do it in any order within one transaction. The lock makes two who
# leave at once wait for each other. An account that goes altogether holds nobody back.
FORWARD = """
CREATE FUNCTION project_keeps_a_maintainer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM project WHERE id = OLD.project_id FOR NO KEY UPDATE;
    IF FOUND
        AND EXISTS (SELECT 1 FROM auth_user WHERE id = OLD.user_id AND is_active)
        AND NOT EXISTS (
            SELECT 1 FROM project_membership m JOIN auth_user u ON u.id = m.user_id
            WHERE m.project_id = OLD.project_id AND m.role = 'maintainer' AND u.is_active
        )
    THEN
        RAISE EXCEPTION 'project % would be left without an active maintainer', OLD.project_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'project_keeps_a_maintainer';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER project_keeps_a_maintainer
    AFTER DELETE OR UPDATE OF role, user_id, project_id ON project_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.role = 'maintainer')
    EXECUTE FUNCTION project_keeps_a_maintainer();
"""
BACKWARD = """
DROP TRIGGER project_keeps_a_maintainer ON project_membership;
DROP FUNCTION project_keeps_a_maintainer();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0003_invitations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0002_keys_and_removal'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'Viewer: sees the project, its maps, jobs and logs'), ('contributor', 'Contributor: also registers, syncs, and controls jobs'), ('maintainer', 'Maintainer: also members, credentials, archiving')], help_text='What whoever accepts it will be.', max_length=11)),
                ('digest', models.CharField(help_text='SHA-256 of its secret.', max_length=64, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was made.')),
                ('expires_at', models.DateTimeField(help_text='Until when it can be accepted.')),
                ('accepted_at', models.DateTimeField(blank=True, help_text='When it was used.', null=True)),
                ('revoked_at', models.DateTimeField(blank=True, help_text='When somebody took it back.', null=True)),
                ('accepted_by', models.ForeignKey(blank=True, help_text='Who joined by it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(help_text='Who invites; when they may no longer, it is void.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(help_text='Into what.', on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='projects.project')),
            ],
            options={
                'db_table': 'project_invitation',
                'constraints': [models.CheckConstraint(condition=models.Q(('role__in', ['viewer', 'contributor', 'maintainer'])), name='invitation_role_is_known'), models.CheckConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None), _connector='OR'), name='invitation_has_one_end')],
            },
        ),
    ]

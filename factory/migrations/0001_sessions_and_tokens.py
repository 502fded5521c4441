import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Sessions of the engine before: people log in once more.
        migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop),
        migrations.RunSQL(
            "DELETE FROM django_migrations WHERE app = 'sessions'", migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('address', models.GenericIPAddressField(blank=True, help_text='The network address it was seen from last.', null=True)),
                ('agent', models.CharField(blank=True, help_text='What the browser calls itself.', max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it began: the log-in.')),
                ('seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was used last, to the minute.')),
                ('user', models.ForeignKey(blank=True, help_text='Who is logged in; empty before a log-in.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'db_table': 'factory_session',
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What it is for.', max_length=100)),
                ('scope', models.CharField(choices=[('read', 'Read: sees what you see'), ('write', 'Read and write: also acts where you may act')], default='read', help_text='What it may do.', max_length=5)),
                ('prefix', models.CharField(help_text='How it begins, to recognise it by.', max_length=12)),
                ('digest', models.CharField(help_text='SHA-256 of the whole.', max_length=64, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was made.')),
                ('expires_at', models.DateTimeField(help_text='When it stops working by itself.')),
                ('used_at', models.DateTimeField(blank=True, help_text='When it was used last, to the minute.', null=True)),
                ('revoked_at', models.DateTimeField(blank=True, help_text='When somebody ended it; it never works again.', null=True)),
                ('user', models.ForeignKey(help_text='In whose name it acts; it never may do more than that person.', on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'db_table': 'factory_api_token',
                'constraints': [models.CheckConstraint(condition=models.Q(('scope__in', ['read', 'write'])), name='api_token_scope_is_known')],
            },
        ),
    ]

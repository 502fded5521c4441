"""Schedules, their ticks, and the daily counts that outlive old jobs."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0006_artefacts'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='acknowledged_at',
            field=models.DateTimeField(blank=True, help_text='When somebody put a failed one away; until then it stays.', null=True),
        ),
        migrations.CreateModel(
            name='JobDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.BigIntegerField(blank=True, help_text='The project; empty: none.', null=True)),
                ('kind', models.CharField(help_text='What was done.', max_length=64)),
                ('day', models.DateField(help_text='The day on which they ended, in UTC.')),
                ('state', models.CharField(help_text='How they ended.', max_length=10)),
                ('count', models.PositiveIntegerField(help_text='How many of them were removed so far.')),
                ('attempts', models.PositiveBigIntegerField(default=0, help_text='How often they were begun.')),
                ('run_s', models.FloatField(default=0, help_text='The seconds of their last attempts together.')),
                ('wait_s', models.FloatField(default=0, help_text='The seconds they waited before, together.')),
                ('run_counts', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), help_text='How many ran up to each of the bounds of `jobs.retention.BOUNDS_S`, and longer.', size=None)),
                ('wait_counts', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), help_text='The same of the seconds they waited.', size=None)),
            ],
            options={
                'verbose_name': 'day of jobs',
                'verbose_name_plural': 'days of jobs',
                'db_table': 'job_day',
                'constraints': [models.UniqueConstraint(fields=('day', 'scope', 'kind', 'state'), name='job_day_is_one', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('state__in', ['succeeded', 'failed', 'cancelled'])), name='job_day_counts_what_ended')],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Small letters, digits, dots and hyphens.', max_length=64, unique=True)),
                ('kind', models.CharField(help_text='What is done; a registered name.', max_length=64)),
                ('arguments', models.JSONField(blank=True, db_default={}, default=dict, help_text='What its jobs are given.')),
                ('cron', models.CharField(help_text='Minute, hour, day, month, weekday, such as 30 4 * * MON-FRI.', max_length=100)),
                ('zone', models.CharField(db_default='UTC', default='UTC', help_text='Such as Europe/Zurich.', max_length=64)),
                ('catch_up', models.CharField(choices=[('skip', 'Skip: a tick that is over a minute late is noted and passed over'), ('one', 'One: however many were missed, one job is made for all of them')], db_default='one', default='one', help_text='What becomes of missed ticks.', max_length=4)),
                ('scope', models.BigIntegerField(blank=True, help_text='The project its jobs belong to; empty means staff only.', null=True)),
                ('standing', models.BooleanField(db_default=False, default=False, help_text='Laid by the product itself: people may pause and re-time it, not remove it.')),
                ('paused_at', models.DateTimeField(blank=True, help_text='Since when it makes no jobs; empty while it does.', null=True)),
                ('paused_by', models.CharField(blank=True, db_default='', help_text='Who paused it, such as user:7.', max_length=64)),
                ('reason', models.CharField(blank=True, db_default='', help_text='Why it is paused, in a sentence.', max_length=300)),
                ('next_at', models.DateTimeField(blank=True, help_text='Its next tick; upkeep fires it then.', null=True)),
                ('planned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When that was computed. Should a clock go back behind this, it is done again.')),
                ('last_at', models.DateTimeField(blank=True, help_text='When it last made a job.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was made.')),
                ('created_by', models.CharField(blank=True, db_default='', help_text='Who made it, such as user:7.', max_length=64)),
                ('last_job', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='The job it made then; without a constraint, for it may be gone by now.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='jobs.job')),
            ],
            options={
                'db_table': 'job_schedule',
            },
        ),
        migrations.CreateModel(
            name='Tick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(help_text='The time it stands for.')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was seen to.')),
                ('outcome', models.CharField(choices=[('fired', 'Fired: it made a job'), ('joined', 'Joined: the job of an earlier tick was not begun yet and does for both'), ('skipped', 'Skipped: it was too late'), ('asked', 'Asked: a person asked for it now'), ('failed', 'Failed: it could not be fired, and the schedule was paused')], help_text='What became of it.', max_length=7)),
                ('missed', models.PositiveIntegerField(db_default=0, default=0, help_text='Earlier ticks that it stands for, too.')),
                ('actor', models.CharField(blank=True, db_default='', help_text='Who fired it.', max_length=64)),
                ('reason', models.CharField(blank=True, db_default='', help_text='What there is to say about it.', max_length=300)),
                ('job', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='Its job; without a constraint, for it may be gone by now.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='jobs.job')),
                ('schedule', models.ForeignKey(help_text='Whose it is.', on_delete=django.db.models.deletion.CASCADE, related_name='ticks', to='jobs.schedule')),
            ],
            options={
                'db_table': 'job_tick',
            },
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(('name__regex', '^[a-z0-9][a-z0-9._-]*$')), name='schedule_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(('catch_up__in', ['skip', 'one'])), name='schedule_catch_up_is_known'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(('paused_at__isnull', False), models.Q(('next_at', None), _negated=True), _connector='OR'), name='schedule_has_a_next_tick_or_is_paused'),
        ),
        migrations.AddConstraint(
            model_name='tick',
            constraint=models.UniqueConstraint(fields=('schedule', 'due_at'), name='tick_is_one'),
        ),
        migrations.AddConstraint(
            model_name='tick',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['fired', 'joined', 'skipped', 'asked', 'failed'])), name='tick_outcome_is_known'),
        ),
    ]

"""Limits of queues and keys, and jobs that wait for others."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"

class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0009_deliveries_and_verifications'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dependency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('policy', models.CharField(choices=[('cancel', 'Cancel: it is cancelled, too'), ('hold', 'Hold: it waits until that one succeeds after all, or a person resumes it'), ('ignore', 'Ignore: it goes on as if that one had succeeded')], db_default='cancel', default='cancel', help_text='What becomes of the child when the parent does not succeed.', max_length=6)),
            ],
            options={
                'db_table': 'job_dependency',
            },
        ),
        migrations.CreateModel(
            name='Limit',
            fields=[
                ('most_running', models.PositiveIntegerField(blank=True, help_text='The most that run at once; empty for no such limit.', null=True)),
                ('per_minute', models.PositiveIntegerField(blank=True, help_text='The most that begin in a minute; empty for no such limit.', null=True)),
                ('burst', models.PositiveIntegerField(blank=True, help_text='The most that begin at once after a quiet time.', null=True)),
                ('tokens', models.FloatField(db_default=0, default=0, help_text='How many might have begun when last one did.')),
                ('refilled_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When that was.')),
                ('limited_by', models.CharField(blank=True, db_default='', help_text='Who set the limit, such as user:7.', max_length=64)),
                ('limited_at', models.DateTimeField(blank=True, help_text='When it was set.', null=True)),
                ('key', models.CharField(help_text='The limit key that jobs name.', max_length=128, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'job_limit',
            },
        ),
        migrations.RemoveConstraint(
            model_name='job',
            name='job_running_key_is_unique',
        ),
        migrations.AddField(
            model_name='job',
            name='awaited',
            field=models.BooleanField(db_default=False, default=False, help_text='Another job waits for its end, or did.'),
        ),
        migrations.AddField(
            model_name='job',
            name='limit_slot',
            field=models.SmallIntegerField(db_default=1, default=1, help_text='Which of the places of its limit key it has or had.'),
        ),
        migrations.AddField(
            model_name='queue',
            name='burst',
            field=models.PositiveIntegerField(blank=True, help_text='The most that begin at once after a quiet time.', null=True),
        ),
        migrations.AddField(
            model_name='queue',
            name='limited_at',
            field=models.DateTimeField(blank=True, help_text='When it was set.', null=True),
        ),
        migrations.AddField(
            model_name='queue',
            name='limited_by',
            field=models.CharField(blank=True, db_default='', help_text='Who set the limit, such as user:7.', max_length=64),
        ),
        migrations.AddField(
            model_name='queue',
            name='most_running',
            field=models.PositiveIntegerField(blank=True, help_text='The most that run at once; empty for no such limit.', null=True),
        ),
        migrations.AddField(
            model_name='queue',
            name='paused_at',
            field=models.DateTimeField(blank=True, help_text='When it was paused.', null=True),
        ),
        migrations.AddField(
            model_name='queue',
            name='paused_by',
            field=models.CharField(blank=True, db_default='', help_text='Who paused it, such as user:7.', max_length=64),
        ),
        migrations.AddField(
            model_name='queue',
            name='per_minute',
            field=models.PositiveIntegerField(blank=True, help_text='The most that begin in a minute; empty for no such limit.', null=True),
        ),
        migrations.AddField(
            model_name='queue',
            name='refilled_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When that was.'),
        ),
        migrations.AddField(
            model_name='queue',
            name='tokens',
            field=models.FloatField(db_default=0, default=0, help_text='How many might have begun when last one did.'),
        ),
        migrations.AlterField(
            model_name='job',
            name='limit_key',
            field=models.CharField(blank=True, db_default='', help_text='At most one running job has it, or as many as its limit says.', max_length=128),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('state', 'blocked')), fields=['id'], name='job_blocked'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('running', 'verifying')), models.Q(('limit_key', ''), _negated=True)), fields=('limit_key', 'limit_slot'), name='job_running_key_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='queue',
            constraint=models.CheckConstraint(condition=models.Q(('most_running', None), models.Q(('most_running__gte', 1), ('most_running__lte', 32767)), _connector='OR'), name='queue_lets_some_run'),
        ),
        migrations.AddConstraint(
            model_name='queue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('burst', None), ('per_minute', None)), models.Q(('burst__gte', django.db.models.expressions.CombinedExpression(models.F('per_minute'), '/', models.Value(60.0))), ('burst__isnull', False), ('per_minute__gte', 1), ('per_minute__isnull', False)), _connector='OR'), name='queue_bucket_holds_a_second'),
        ),
        migrations.AddField(
            model_name='dependency',
            name='child',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text='The job that waits.', on_delete=django.db.models.deletion.DO_NOTHING, related_name='dependencies', to='jobs.job'),
        ),
        migrations.AddField(
            model_name='dependency',
            name='parent',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text='The job it waits for.', on_delete=django.db.models.deletion.DO_NOTHING, related_name='dependents', to='jobs.job'),
        ),
        migrations.AddConstraint(
            model_name='limit',
            constraint=models.CheckConstraint(condition=models.Q(('most_running', None), models.Q(('most_running__gte', 1), ('most_running__lte', 32767)), _connector='OR'), name='limit_lets_some_run'),
        ),
        migrations.AddConstraint(
            model_name='limit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('burst', None), ('per_minute', None)), models.Q(('burst__gte', django.db.models.expressions.CombinedExpression(models.F('per_minute'), '/', models.Value(60.0))), ('burst__isnull', False), ('per_minute__gte', 1), ('per_minute__isnull', False)), _connector='OR'), name='limit_bucket_holds_a_second'),
        ),
        migrations.AddIndex(
            model_name='dependency',
            index=models.Index(fields=['parent'], name='dependency_parent'),
        ),
        migrations.AddConstraint(
            model_name='dependency',
            constraint=models.UniqueConstraint(fields=('child', 'parent'), name='dependency_is_one'),
        ),
        migrations.AddConstraint(
            model_name='dependency',
            constraint=models.CheckConstraint(condition=models.Q(('policy__in', ['cancel', 'hold', 'ignore'])), name='dependency_policy_is_known'),
        ),
        migrations.AddConstraint(
            model_name='dependency',
            constraint=models.CheckConstraint(condition=models.Q(('child', models.F('parent')), _negated=True), name='dependency_is_on_another'),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), (SQL / f"{name}_undo.sql").read_text())
            for name in ("limits", "dependencies")
        ),
        migrations.RunSQL((SQL / "triggers.sql").read_text(), migrations.RunSQL.noop),
    ]

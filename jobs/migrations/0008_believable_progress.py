"""Progress with a pace and a peak of memory, and the reports that came too late."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"

class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0007_schedules'),
    ]

    operations = [
        migrations.AddField(
            model_name='progress',
            name='done_count',
            field=models.BigIntegerField(db_default=0, default=0, help_text='How many items succeeded, listed or not.'),
        ),
        migrations.AddField(
            model_name='progress',
            name='eta_s',
            field=models.FloatField(blank=True, help_text='Seconds left when this was written; empty while that cannot be trusted.', null=True),
        ),
        migrations.AddField(
            model_name='progress',
            name='failed_count',
            field=models.BigIntegerField(db_default=0, default=0, help_text='How many items failed, listed or not.'),
        ),
        migrations.AddField(
            model_name='progress',
            name='heard_at',
            field=models.DateTimeField(blank=True, help_text="The handler's last step or line of log.", null=True),
        ),
        migrations.AddField(
            model_name='progress',
            name='pace',
            field=models.JSONField(blank=True, help_text='What the rate is computed from; a resumed job goes on so.', null=True),
        ),
        migrations.AddField(
            model_name='progress',
            name='peak_mb',
            field=models.PositiveIntegerField(blank=True, help_text='The most memory its runner and its helpers held while that claim ran, in MiB.', null=True),
        ),
        migrations.AddField(
            model_name='progress',
            name='peaks',
            field=models.JSONField(db_default={}, default=dict, help_text='The same of every claim, by its fence.'),
        ),
        migrations.AddField(
            model_name='progress',
            name='rate',
            field=models.FloatField(blank=True, help_text='Steps a second, smoothed.', null=True),
        ),
        migrations.AddField(
            model_name='progress',
            name='started_at',
            field=models.DateTimeField(blank=True, help_text="When that claim's handler began.", null=True),
        ),
        migrations.AlterField(
            model_name='progress',
            name='current',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Steps done.'),
        ),
        migrations.AlterField(
            model_name='progress',
            name='item',
            field=models.CharField(blank=True, db_default='', help_text='What is being worked on.', max_length=200),
        ),
        migrations.AlterField(
            model_name='progress',
            name='items_done',
            field=models.JSONField(db_default=[], default=list, help_text='The last items that succeeded.'),
        ),
        migrations.AlterField(
            model_name='progress',
            name='items_failed',
            field=models.JSONField(db_default=[], default=list, help_text='The last items that failed, with the reason.'),
        ),
        migrations.CreateModel(
            name='LateReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fence', models.BigIntegerField(help_text='The claim that reports.')),
                ('runner_id', models.BigIntegerField(help_text='The runner that executed it.')),
                ('outcome', models.CharField(help_text='The state the job should have gone to.', max_length=10)),
                ('failure_class', models.CharField(blank=True, db_default='', help_text='Why it failed, if it did.', max_length=20)),
                ('message', models.TextField(blank=True, db_default='', help_text='The failure in a sentence.')),
                ('result', models.JSONField(blank=True, help_text='What the handler returned.', null=True)),
                ('ended_at', models.DateTimeField(blank=True, help_text='When it ended, by the clock of its machine, if it says so.', null=True)),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it arrived here.')),
                ('accepted', models.BooleanField(help_text='Whether the job moved by it; else it is recorded here and nowhere else.')),
                ('found', models.CharField(help_text='The state of the job when it arrived.', max_length=10)),
                ('job', models.ForeignKey(db_constraint=False, db_index=False, help_text='The job it tells of.', on_delete=django.db.models.deletion.DO_NOTHING, related_name='late_reports', to='jobs.job')),
            ],
            options={
                'db_table': 'job_late_report',
                'constraints': [models.UniqueConstraint(fields=('job', 'fence', 'outcome', 'accepted'), name='late_report_is_one')],
            },
        ),
        migrations.RunSQL(
            (SQL / "late_reports.sql").read_text(),
            "DROP TRIGGER job_reports_removed ON job; DROP FUNCTION job_reports_removed;"
            "DROP TRIGGER job_late_report_is_final ON job_late_report;",
        ),
    ]

"""Who was told of which event, and the runs of verify_board."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("jobs", "0008_believable_progress"),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='The subscriber: the kind of its jobs.', max_length=64)),
                ('job_id', models.BigIntegerField(blank=True, help_text='The job that delivers it, which may be gone by now, or deliver several at once; empty when none was started.', null=True)),
                ('stopped', models.CharField(blank=True, db_default='', help_text='Why no job was started.', max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was published.')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'db_table': 'job_delivery',
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it ended.')),
                ('host', models.CharField(help_text='The machine whose processes were looked at.', max_length=255)),
                ('seconds', models.FloatField(help_text='How long it took.')),
                ('ok', models.BooleanField(help_text='Whether nothing disagreed.')),
                ('disagreements', models.JSONField(default=list, help_text='What the board says, what is real, and since when.')),
                ('covered', models.JSONField(default=dict, help_text='How much each question looked at.')),
            ],
            options={
                'db_table': 'job_verification',
                'get_latest_by': 'id',
            },
        ),
        migrations.AddField(
            model_name='delivery',
            name='event',
            field=models.ForeignKey(help_text='What happened.', on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='jobs.event'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['job_id'], name='delivery_job'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('job_id', None)), fields=['id'], name='delivery_stopped'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('event', 'kind'), name='delivery_is_one'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('job_id__isnull', True), ('stopped', ''), _connector='XOR'), name='delivery_has_a_job_or_a_why'),
        ),
        # What was delivered before: one job for each subscriber.
        migrations.RunSQL(
            """
            INSERT INTO job_delivery (event_id, kind, job_id, created_at)
            SELECT DISTINCT ON (j.event_id, j.kind) j.event_id, j.kind, j.id, j.created_at
            FROM job j JOIN job_event e ON e.id = j.event_id ORDER BY j.event_id, j.kind, j.id
            """,
            migrations.RunSQL.noop,
        ),
    ]

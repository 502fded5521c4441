"""What people ask of jobs that run, pauses that end by themselves, and checked work."""

from pathlib import Path

from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0012_django_q_and_the_fleet'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='intent',
            field=models.CharField(blank=True, choices=[('pause', 'Pause: at its next checkpoint'), ('cancel', 'Cancel: it is being interrupted')], db_default='', help_text='What was asked of it while a runner holds it; its state follows on evidence.', max_length=6),
        ),
        migrations.AddField(
            model_name='job',
            name='intent_at',
            field=models.DateTimeField(blank=True, help_text='When that was asked.', null=True),
        ),
        migrations.AddField(
            model_name='job',
            name='intent_by',
            field=models.CharField(blank=True, db_default='', help_text='Who asked, such as user:7.', max_length=64),
        ),
        migrations.AddField(
            model_name='job',
            name='resume_at',
            field=models.DateTimeField(blank=True, help_text='When a paused job goes on by itself; upkeep sees to it.', null=True),
        ),
        migrations.AddField(
            model_name='job',
            name='verifies',
            field=models.BooleanField(db_default=False, default=False, help_text='Its work is checked: the database lets it succeed from verifying only.'),
        ),
        migrations.AddField(
            model_name='progress',
            name='checkpoint',
            field=models.JSONField(blank=True, help_text='What the handler goes on from, in its own terms.', null=True),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('intent', ''), _negated=True), fields=['runner'], name='job_asked'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('resume_at__isnull', False)), fields=['resume_at'], name='job_resumes'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('intent', ''), ('intent_at__isnull', True), ('intent_by', '')), models.Q(('intent__in', ['pause', 'cancel']), ('intent_at__isnull', False), ('state__in', ('running', 'verifying'))), _connector='OR'), name='job_is_asked_only_while_held'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('resume_at__isnull', True), ('state', 'paused'), _connector='OR'), name='job_resumes_only_when_paused'),
        ),
        migrations.RunSQL((SQL / "ends.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "triggers.sql").read_text(), migrations.RunSQL.noop),
    ]

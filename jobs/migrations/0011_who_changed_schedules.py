"""Who last paused, resumed or changed a schedule."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0010_limits_and_dependencies'),
    ]

    operations = [
        migrations.AddField(
            model_name='schedule',
            name='changed_at',
            field=models.DateTimeField(blank=True, help_text='When somebody last paused, resumed or changed it.', null=True),
        ),
        migrations.AddField(
            model_name='schedule',
            name='changed_by',
            field=models.CharField(blank=True, db_default='', help_text='Who did, such as user:7.', max_length=64),
        ),
    ]

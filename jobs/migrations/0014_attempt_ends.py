"""A small index by which the attempts of a span of time are found."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("jobs", "0013_controls"),
    ]

    operations = [
        migrations.AddIndex(
            model_name='attempt',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['ended_at'], name='attempt_ended'),
        ),
    ]

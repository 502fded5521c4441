import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import projects.secrets
from django.conf import settings
from django.db import migrations, models
from pgvector.django import VectorExtension


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('jobs', '0002_the_private_door'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name='BlobFacts',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('blob', models.CharField(help_text="The content, by git's own name for it.", max_length=64)),
                ('language', models.CharField(help_text='Who read it; a hyphen when only its lines were counted.', max_length=20)),
                ('extractor', models.CharField(help_text='The version of the code that read it.', max_length=20)),
                ('facts', models.JSONField(help_text='Lines, imports and definitions with their lines.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was read.')),
            ],
            options={
                'verbose_name_plural': 'blob facts',
                'db_table': 'blob_facts',
                'constraints': [models.UniqueConstraint(fields=('blob', 'language', 'extractor'), name='facts_are_unique')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('viewer', 'Viewer: sees the project, its maps, jobs and logs'), ('contributor', 'Contributor: also registers, syncs, and controls jobs'), ('maintainer', 'Maintainer: also members, credentials, archiving')], default='viewer', help_text='What the person may do in this project.', max_length=11)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='Since when.')),
                ('user', models.ForeignKey(help_text='The person.', on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'project_membership',
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What people call it.', max_length=100, unique=True)),
                ('slug', models.SlugField(help_text='Its name in addresses and commands; never changes.', max_length=100, unique=True)),
                ('archived_at', models.DateTimeField(blank=True, help_text='When a maintainer put it away; empty while it is in use.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was created.')),
                ('members', models.ManyToManyField(related_name='projects', through='projects.Membership', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'project',
            },
        ),
        migrations.AddField(
            model_name='membership',
            name='project',
            field=models.ForeignKey(help_text='The project.', on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='projects.project'),
        ),
        migrations.CreateModel(
            name='Repository',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(help_text='Where it is fetched from, in canonical form.', max_length=2000)),
                ('name', models.CharField(help_text='The last part of its address.', max_length=200)),
                ('branch', models.CharField(blank=True, help_text='The branch that is mapped; empty means its own.', max_length=200)),
                ('token', projects.secrets.SealedField(blank=True, default='', help_text='Opens a private https repository; stored encrypted.')),
                ('head_commit', models.CharField(blank=True, db_default='', help_text='The newest commit we fetched.', max_length=64)),
                ('synced_at', models.DateTimeField(blank=True, help_text='When it was last fetched with success.', null=True)),
                ('failure_class', models.CharField(blank=True, choices=[('transient-network', 'Transient Network'), ('rate-limited', 'Rate Limited'), ('auth', 'Auth'), ('not-found', 'Not Found'), ('invalid-input', 'Invalid Input'), ('resource-exhausted', 'Resource Exhausted'), ('timeout', 'Timeout'), ('worker-lost', 'Worker Lost'), ('bug', 'Bug'), ('unknown', 'Unknown')], db_default='', help_text='Why the last clone or map failed; empty after a success.', max_length=20)),
                ('failure_message', models.TextField(blank=True, db_default='', help_text='The last failure in one sentence.')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was registered.')),
                ('created_by', models.CharField(blank=True, db_default='', help_text='Who registered it, such as user:7.', max_length=64)),
                ('project', models.ForeignKey(help_text='Whose it is.', on_delete=django.db.models.deletion.CASCADE, related_name='repositories', to='projects.project')),
            ],
            options={
                'verbose_name_plural': 'repositories',
                'db_table': 'repository',
            },
        ),
        migrations.CreateModel(
            name='Node',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('file', 'A file of the repository')], help_text='What it is.', max_length=10)),
                ('path', models.TextField(help_text='Its path; names that cannot be printed are quoted.')),
                ('repository', models.ForeignKey(help_text='Where it is.', on_delete=django.db.models.deletion.CASCADE, related_name='nodes', to='projects.repository')),
            ],
            options={
                'db_table': 'map_node',
            },
        ),
        migrations.CreateModel(
            name='SystemMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit', models.CharField(help_text='The commit it is true of.', max_length=64)),
                ('extractor', models.CharField(help_text='The version of the code that made it.', max_length=20)),
                ('digest', models.CharField(help_text='sha256 of the document: equal digests are equal maps.', max_length=64)),
                ('counts', models.JSONField(help_text='Files seen, parsed and skipped by reason, edges, cycles.')),
                ('languages', models.JSONField(help_text='Files, bytes and lines of each language.')),
                ('document', models.BinaryField(help_text='Files, edges and skips as canonical JSON, compressed: all that older maps keep.')),
                ('built_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When it was published.')),
                ('job', models.ForeignKey(blank=True, help_text='The job that made it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('repository', models.ForeignKey(help_text='What is mapped.', on_delete=django.db.models.deletion.CASCADE, related_name='maps', to='projects.repository')),
            ],
            options={
                'db_table': 'system_map',
            },
        ),
        migrations.AddField(
            model_name='repository',
            name='current_map',
            field=models.ForeignKey(blank=True, help_text='The map that is shown; flipped only when the next one is whole.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='projects.systemmap'),
        ),
        migrations.CreateModel(
            name='MapNode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('blob', models.CharField(help_text='The content git stores for it.', max_length=64)),
                ('language', models.CharField(help_text='Its language, from its name.', max_length=40)),
                ('bytes', models.BigIntegerField(help_text='Its size.')),
                ('lines', models.BigIntegerField(help_text='Its lines; 0 when it is not text.')),
                ('definitions', models.IntegerField(help_text='Classes and functions defined in it.')),
                ('skip', models.CharField(blank=True, help_text='Why its imports are not known; empty when they are.', max_length=40)),
                ('node', models.ForeignKey(help_text='The node.', on_delete=django.db.models.deletion.CASCADE, related_name='sightings', to='projects.node')),
                ('map', models.ForeignKey(help_text='The map.', on_delete=django.db.models.deletion.CASCADE, related_name='nodes', to='projects.systemmap')),
            ],
            options={
                'db_table': 'map_sighting',
            },
        ),
        migrations.CreateModel(
            name='Edge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('import', 'The source imports the target')], help_text='Why.', max_length=10)),
                ('lines', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), help_text='Where the source says so; the evidence.', size=None)),
                ('dst', models.ForeignKey(help_text='The file that is needed.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='projects.node')),
                ('src', models.ForeignKey(help_text='The file that needs.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='projects.node')),
                ('map', models.ForeignKey(help_text='The map.', on_delete=django.db.models.deletion.CASCADE, related_name='edges', to='projects.systemmap')),
            ],
            options={
                'db_table': 'map_edge',
            },
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='project_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(('slug', ''), _negated=True), name='project_has_a_slug'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('project', 'user'), name='membership_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['viewer', 'contributor', 'maintainer'])), name='membership_role_is_known'),
        ),
        migrations.AddConstraint(
            model_name='node',
            constraint=models.UniqueConstraint(fields=('repository', 'kind', 'path'), name='node_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='node',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['file'])), name='node_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='node',
            constraint=models.CheckConstraint(condition=models.Q(('path', ''), _negated=True), name='node_has_a_path'),
        ),
        migrations.AddConstraint(
            model_name='systemmap',
            constraint=models.UniqueConstraint(fields=('repository', 'commit', 'extractor'), name='map_is_unique_for_its_commit'),
        ),
        migrations.AddConstraint(
            model_name='systemmap',
            constraint=models.CheckConstraint(condition=models.Q(('commit__regex', '^([0-9a-f]{40}|[0-9a-f]{64})$')), name='map_has_a_commit'),
        ),
        migrations.AddConstraint(
            model_name='systemmap',
            constraint=models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='map_has_a_digest'),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.UniqueConstraint(fields=('project', 'address'), name='repository_is_unique_in_its_project'),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.CheckConstraint(condition=models.Q(('address', ''), _negated=True), name='repository_has_an_address'),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('head_commit', ''), ('synced_at__isnull', True)), models.Q(('head_commit__regex', '^([0-9a-f]{40}|[0-9a-f]{64})$'), ('synced_at__isnull', False)), _connector='OR'), name='repository_is_synced_exactly_with_a_commit'),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('failure_class', ''), ('failure_message', '')), models.Q(('failure_class__in', ['transient-network', 'rate-limited', 'auth', 'not-found', 'invalid-input', 'resource-exhausted', 'timeout', 'worker-lost', 'bug', 'unknown']), models.Q(('failure_message', ''), _negated=True)), _connector='OR'), name='repository_failure_has_a_class_and_a_sentence'),
        ),
        migrations.AddConstraint(
            model_name='repository',
            constraint=models.CheckConstraint(condition=models.Q(('current_map__isnull', True), models.Q(('head_commit', ''), _negated=True), _connector='OR'), name='repository_with_a_map_was_synced'),
        ),
        migrations.AddConstraint(
            model_name='mapnode',
            constraint=models.UniqueConstraint(fields=('map', 'node'), name='sighting_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='mapnode',
            constraint=models.CheckConstraint(condition=models.Q(('bytes__gte', 0), ('definitions__gte', 0), ('lines__gte', 0)), name='sighting_sizes_are_counts'),
        ),
        migrations.AddIndex(
            model_name='edge',
            index=models.Index(fields=['map', 'dst'], name='edge_reverse'),
        ),
        migrations.AddConstraint(
            model_name='edge',
            constraint=models.UniqueConstraint(fields=('map', 'src', 'dst', 'kind'), name='edge_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='edge',
            constraint=models.CheckConstraint(condition=models.Q(('src', models.F('dst')), _negated=True), name='edge_has_two_ends'),
        ),
        migrations.AddConstraint(
            model_name='edge',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['import'])), name='edge_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='edge',
            constraint=models.CheckConstraint(condition=models.Q(('lines__len__gt', 0)), name='edge_has_evidence'),
        ),
    ]

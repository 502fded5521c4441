"""The smoke test takes away what it made, and nothing else."""

from typing import Any

import pytest

from factory.smoke import Walk
from jobs import queue
from jobs.models import Job
from projects.models import Project


@pytest.mark.django_db
def test_it_removes_its_own_jobs_and_nobody_elses(settings: Any, tmp_path: Any) -> None:
    settings.FACTORY_HOME = tmp_path
    walk = Walk()
    own, other = (Project.objects.create(name=name, slug=name) for name in (walk.name, "harbour"))
    kept = [queue.enqueue("demo.noop", {}, scope=scope) for scope in (None, other.pk)]
    for job in (*kept, queue.enqueue("demo.noop", {}, scope=own.pk)):
        job.cancel(by="user:1")

    walk.remove()

    assert set(Job.objects.values_list("pk", flat=True)) == {job.pk for job in kept}
    assert list(Project.objects.all()) == [other]

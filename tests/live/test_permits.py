"""Who may watch what, asked for many sockets together."""

from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factory import permits
from factory.sessions import SessionStore
from jobs import queue
from projects.models import Membership, Project

pytestmark = pytest.mark.django_db


def session(user: User) -> str:
    """This function will log somebody in and give the key of the session."""
    made: Any = SessionStore()
    made[SESSION_KEY] = str(user.pk)
    made[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    made[HASH_SESSION_KEY] = user.get_session_auth_hash()
    made.create()
    made.save()
    return str(made.session_key)


@pytest.fixture
def project() -> Project:
    """This fixture will be a project nobody belongs to yet."""
    return Project.objects.create(name="Dock", slug="dock")


@pytest.fixture
def member(project: Project) -> str:
    """This fixture will be the session of somebody who sees the project."""
    user = User.objects.create_user("ana")
    Membership.objects.create(project=project, user=user, role="viewer")
    return session(user)


def test_a_hundred_pages_of_one_person_cost_as_many_questions_as_one(
    project: Project, member: str
) -> None:
    job = queue.enqueue("demo.noop", {}, scope=project.pk, after=3600)
    asked = (member, [f"job:{job.pk}", f"project:{project.pk}"])

    with CaptureQueriesContext(connection) as one:
        permits.answer_all([asked])
    with CaptureQueriesContext(connection) as many:
        answers = permits.answer_all([asked] * 100)

    assert len(many) == len(one)
    assert {frozenset(allowed) for _, allowed in answers} == {frozenset(asked[1])}


def test_who_is_asked_for_beside_others_gets_only_their_own(project: Project, member: str) -> None:
    stranger = session(User.objects.create_user("bob"))
    topic = f"project:{project.pk}"

    answers = permits.answer_all([(member, [topic]), (stranger, [topic]), ("nobody", [topic])])

    assert [allowed for _, allowed in answers] == [{topic}, set(), set()]
    assert answers[2][0] is None


def test_a_page_gets_only_what_it_asked_for(project: Project, member: str) -> None:
    topics = [f"project:{project.pk}", f"repositories:{project.pk}"]

    answers = permits.answer_all([(member, topics[:1]), (member, [])])

    assert [allowed for _, allowed in answers] == [set(topics[:1]), set()]

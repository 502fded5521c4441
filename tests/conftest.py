"""What every test may use: real services, a migrated database, and fresh clones of it."""

import os
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from typing import Any

import django
import pytest

from tests import services

# Here, not in a fixture: Django reads the environment when the first test module is imported.
services.begin()
django.setup()

# With requirements.txt alone these are not there; `make test` installs requirements-dev.txt.
_WANTED = {
    "browser": "playwright",
    "factory/test_accounts_signon.py": "oidc_provider_mock",
    "jobs/test_model.py": "hypothesis",
    "jobs/test_pace.py": "hypothesis",
    "pages/test_api.py": "hypothesis",
    "pages/test_api_schema.py": "schemathesis",
}
collect_ignore = [path for path, library in _WANTED.items() if not find_spec(library)]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """This fixture will make the test database a copy of the migrated template."""
    from django.conf import settings

    test: dict[str, Any] = settings.DATABASES["default"].setdefault("TEST", {})
    test["TEMPLATE"] = services.template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """This fixture will let Django empty the test database between tests that commit."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET factory.clean_slate = 'on'")
        connection.close()


@pytest.fixture(scope="module")
def scratch_database() -> Iterator[services.ScratchDatabase]:
    """This fixture will lend a database, and the environment to give to processes that use it."""
    with services.scratch() as database:
        yield database


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """This hook will keep half characters, which tests log, off the wire between test processes."""
    report = yield
    report.sections = [
        (title, text.encode(errors="replace").decode()) for title, text in report.sections
    ]
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """This hook will fail a run of CI in which a test was skipped: there, nothing may be missing."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and exitstatus == 0 and os.environ.get("CI") == "true":
        reporter.write_line(f"CI: {len(skipped)} skipped tests count as failures", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

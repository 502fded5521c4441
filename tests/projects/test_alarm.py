"""Imports that must lead inside and lead nowhere are an alarm without any oracle."""

import pytest

from projects.mapping import alarm
from tests.projects.test_mapping import mapped


@pytest.mark.parametrize(
    ("now", "before", "heard"),
    [
        ([400, 96], [400, 0], True),
        ([400, 10], [400, 0], False),
        ([400, 96], [400, 90], False),
        ([400, 96], None, True),
        ([400, 30], None, False),
        ([10, 10], [10, 0], False),
        ([0, 0], [400, 0], False),
    ],
)
def test_the_alarm_is_heard_exactly_when_the_rate_jumps(now, before, heard):
    earlier = {"resolved": {"python": before}} if before else {}

    assert bool(alarm.alarms({"resolved": {"python": now}}, earlier)) is heard


def test_what_a_vendored_bundle_requires_of_itself_is_no_alarm(origin):
    bundle = "".join(f"require('./part{number}')\n" for number in range(40))
    origin.commit({"static/vendor/bundle.js": bundle, "web/app.js": "require('./gone')\n"})

    counts = mapped(origin).counts

    assert counts["lost"] == [("web/app.js", 1)]
    assert counts["resolved"]["ecmascript"] == [41, 1]

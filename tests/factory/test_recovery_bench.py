"""`bench recovery`: the small version of what is measured over 50 and 20 kills."""

import json

from tests import services

AIM_BUSY_S, AIM_IDLE_S, SLACK = 2.0, 5.0, 5


def test_work_goes_on_after_each_kill_and_nothing_is_lost() -> None:
    words = ("bench", "recovery", "--kills", "3", "--idle-kills", "2", "--json")

    told = json.loads(services.manage(*words).stdout)

    assert (told["busy"]["kills"], told["idle"]["kills"]) == (3, 2)
    assert told["busy"]["max_s"] < AIM_BUSY_S * SLACK
    assert told["idle"]["max_s"] < AIM_IDLE_S * SLACK
    assert (told["tree"]["done"], told["tree"]["lost"]) == (told["tree"]["jobs"], 0)
    assert told["tree"]["left"] > 0

"""The job that reads a history, with a real runner: beside the map, and onwards from the last."""

from tests.projects.origins import Origin, answer, runner, until


def test_a_synced_repository_gets_a_history_that_grows_with_it(scratch_database, tmp_path):
    environment = scratch_database.environment | {
        "FACTORY_HOME": str(tmp_path / "home"),
        "FACTORY_LOCAL_REPOS": str(tmp_path),
    }
    origin = Origin(tmp_path / "shop")
    first = origin.commit({"shop.py": "1\n", "README.md": "x\n"})

    def known(commit):
        asked = "SELECT id, built_at FROM history WHERE commit = %s AND with_lines"
        return scratch_database.rows(asked, [commit])

    with runner(environment):
        registered = answer("register", str(origin.path), "--wait", environment=environment)
        [(history, _)] = until(lambda: known(first))
        second = origin.commit({"shop.py": "2\n"})
        answer("sync", str(registered["repository"]), "--wait", environment=environment)
        assert until(lambda: known(second))[0][0] == history
    shown = answer("map", str(registered["repository"]), "--nodes", environment=environment)

    assert shown["history"] == {"commit": second, "state": "complete"}
    assert {node["path"]: (node["commits"], node["top_author"]) for node in shown["nodes"]} == {
        "README.md": (1, "Ana"),
        "shop.py": (2, "Ana"),
    }
    jobs = scratch_database.rows(
        "SELECT state, limit_key, failure_message FROM job WHERE kind = 'projects.history'"
    )
    assert jobs == [("succeeded", f"history:{registered['repository']}", "")] * 2
    events = scratch_database.rows("SELECT payload FROM job_event WHERE name = 'history.completed'")
    assert [payload["state"] for (payload,) in events] == ["complete", "complete"]

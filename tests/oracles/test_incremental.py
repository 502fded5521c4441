"""M3 over a real history: that of this repository, which must be a whole clone."""

from projects.git import door, reading
from tests import services
from tests.projects.test_incremental import TOOLS, Memory, assert_equal_maps

COMMITS = 120


def test_each_commit_of_a_real_history_gives_equal_maps_however_they_are_made():
    git_dir = door.git_dir(services.ROOT)
    found: list[bytes] = []
    arguments = ["rev-list", "--first-parent", f"--max-count={COMMITS}", "HEAD"]
    variables = reading.environment.for_reading(git_dir)
    door.run([f"--git-dir={git_dir}", *arguments], variables, TOOLS.watch, found.append)
    commits = b"".join(found).decode().split()[::-1]

    assert len(commits) == COMMITS
    assert_equal_maps(git_dir, commits, Memory())
